"""Roles, and who sees which project."""

from itertools import product

import pytest

from evalyard_core.domain.access import Actor, Role
from evalyard_core.domain.errors import BadInput, Conflict, Forbidden, LimitExceeded, NotFound, Refusal, Unauthenticated
from tests.fixtures.objects import a_run

INSTANCE = Actor(name="root", role=Role.ADMIN)


@pytest.mark.parametrize(("has", "needed"), list(product(Role, Role)))
def test_a_role_includes_those_before_it(has: Role, needed: Role):
    actor = Actor(name="ci", role=has, project_id="p1")
    allowed = (has, needed) in {
        (Role.VIEWER, Role.VIEWER),
        (Role.EDITOR, Role.VIEWER),
        (Role.EDITOR, Role.EDITOR),
        (Role.ADMIN, Role.VIEWER),
        (Role.ADMIN, Role.EDITOR),
        (Role.ADMIN, Role.ADMIN),
    }
    assert has.allows(needed) is allowed
    if allowed:
        actor.require("p1", needed)
        return
    with pytest.raises(Forbidden, match=f"needs the role {needed}; the key 'ci' has {has}"):
        actor.require("p1", needed)


def test_another_project_does_not_exist_whatever_the_role():
    admin = Actor(name="ci", role=Role.ADMIN, project_id="p1")
    viewer = Actor(name="ci", role=Role.VIEWER, project_id="p1")
    for actor, needed in product((admin, viewer), Role):
        with pytest.raises(NotFound, match="There is no such project") as refused:
            actor.require("p2", needed, field="input.projectId")
        assert refused.value.field == "input.projectId"
    assert (admin.sees("p1"), admin.sees("p2"), INSTANCE.sees("p2")) == (True, False, True)


def test_only_what_an_actor_sees_is_visible_to_it():
    runs = {"a": a_run("p1"), "b": a_run("p2")}
    assert Actor(name="ci", role=Role.ADMIN, project_id="p1").visible(runs) == {"a": runs["a"]}
    assert INSTANCE.visible(runs) == runs


def test_an_instance_key_is_wanted_where_no_project_is_meant():
    INSTANCE.require_instance()
    with pytest.raises(Forbidden, match="instance key"):
        Actor(name="ci", role=Role.ADMIN, project_id="p1").require_instance()


def test_each_refusal_has_its_code():
    kinds = [Unauthenticated, Forbidden, NotFound, BadInput, Conflict, LimitExceeded]
    assert [kind.code for kind in kinds] == [
        "UNAUTHENTICATED",
        "FORBIDDEN",
        "NOT_FOUND",
        "BAD_USER_INPUT",
        "CONFLICT",
        "LIMIT_EXCEEDED",
    ]
    assert {kind.__base__ for kind in kinds} == {Refusal}
    assert (str(Conflict("a", field="b")), Conflict("a").message, Conflict("a", field="b").field) == ("a", "a", "b")
