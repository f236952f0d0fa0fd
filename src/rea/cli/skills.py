"""skills: knowledge in words, loaded on demand."""

import click

from rea.cli.face import Face, command


@command(campaign=False)
@click.argument("name", default="")
def skills(face: Face, name: str) -> None:
    """What is known in words: names and what each is for, or one of them by its name."""
    from rea.knowledge.skills.library import load, named

    if name:
        found = named(name)
        face.say("skill", found, found.body.rstrip())
        return
    for skill in load().values():
        face.say(
            "skill", {"name": skill.name, "description": skill.description}, f"{skill.name}\n    {skill.description}"
        )
