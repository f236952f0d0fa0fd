"""Whether a technique applies to the configuration to improve on. Pure."""

from rea.domain.change import Change
from rea.domain.lever import Lever, Scalar
from rea.domain.technique import Column, Precondition, Relation, Technique
from rea.domain.workload import Workload
from rea.planner.words import canonical_word, is_off


def applies(technique: Technique, workload: Workload, current: Change) -> bool:
    """Whether the data has what the technique needs, and every precondition holds of ``current``."""
    columns = {Column.DAY: workload.data.day, Column.GROUP: workload.data.group}
    return all(columns[need] for need in technique.needs) and all(
        holds(p, workload, current) for p in technique.applies
    )


def holds(precondition: Precondition, workload: Workload, current: Change) -> bool:
    """Whether some lever of the role is as asked; without any, only an optional precondition holds."""
    levers = workload.with_role(precondition.role)
    if not levers:
        return precondition.optional
    return any(_asked(precondition, lever, current.value(lever.name, lever.default)) for lever in levers)


def _asked(precondition: Precondition, lever: Lever, value: Scalar) -> bool:
    match precondition.relation:
        case Relation.THERE:
            return True
        case Relation.OFF:
            return is_off(value)
        case Relation.ON:
            return not is_off(value)
        case Relation.ONE_OF:
            return any(_same(lever, value, operand) for operand in precondition.operands)
        case _:
            return _compared(precondition, value)


def _compared(precondition: Precondition, value: Scalar) -> bool:
    try:
        number, bound = float(value), float(precondition.operands[0])
    except ValueError:
        return False
    return number < bound if precondition.relation is Relation.BELOW else number > bound


def _same(lever: Lever, value: Scalar, operand: Scalar) -> bool:
    if isinstance(value, str) and isinstance(operand, str):
        return canonical_word(lever.role, value) == canonical_word(lever.role, operand)
    return value == operand
