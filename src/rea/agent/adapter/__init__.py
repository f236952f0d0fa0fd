"""The one place that knows pydantic-ai: a provider as a link, and a question as a conversation with it. Loaded only where a model is asked."""
