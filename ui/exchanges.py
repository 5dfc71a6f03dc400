"""A conversation as a page has it and as it is kept: the way between them, also when another page goes on with it."""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass, replace

from rag.errors import InputError, JianbaoError
from ui.collection import ALL, Choice
from ui.conversations import Conversations, Saved
from ui.render import Exchange
from ui.viewer import Opened


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation as the page has it. `id` is empty until it is kept; `editing` is the exchange to be replaced."""

    id: str = ""
    exchanges: tuple[Exchange, ...] = ()
    choice: Choice = ALL
    opened: Opened | None = None
    editing: int = 0


def restored(conversations: Conversations, id: str) -> Talk:
    """A conversation that was kept. Raises InputError when there is none of this id."""
    exchanges = tuple(
        Exchange(
            saved.number,
            saved.question,
            saved.text,
            saved.quote,
            saved.answer,
            problem=saved.problem,
            stopped=saved.stopped,
            verdict=saved.verdict,
            offsets={number: origin.offset for number, origin in saved.origins.items()},
        )
        for saved in conversations.load(id)
    )
    return Talk(id, exchanges, Choice.from_json(conversations.scope(id)))


def caught_up(conversations: Conversations, talk: Talk) -> Talk:
    """The conversation with what another page has added to it."""
    try:
        kept = restored(conversations, talk.id) if talk.id else talk
    except JianbaoError as error:  # deleted there, say; the question is asked all the same
        logging.info("%s", error)
        return talk
    there = {one.number for one in kept.exchanges}
    if there <= {one.number for one in talk.exchanges}:
        return talk
    mine = [one for one in talk.exchanges if one.number not in there]
    return replace(talk, exchanges=tuple(sorted([*mine, *kept.exchanges], key=lambda one: one.number)))


def begun(conversations: Conversations, talk: Talk) -> str:
    """The id of the conversation, which is kept from its first question on."""
    if talk.id:
        try:
            conversations.scope(talk.id)
        except InputError:  # it has been deleted elsewhere: what is still on the page begins another one
            logging.info("conversation %s is gone", talk.id)
        else:
            return talk.id
    return conversations.begin(asdict(talk.choice))


def keep(conversations: Conversations, id: str, exchange: Exchange, *, instead: bool) -> tuple[str, int]:
    """Saves an exchange, `instead` of the one of its number; returns why that could not be, and the number it has."""
    saved = Saved(
        exchange.number,
        exchange.question,
        answer=exchange.answer,
        quote=exchange.quote,
        problem=exchange.problem,
        stopped=exchange.stopped,
        text=exchange.text,
    )
    try:
        return "", conversations.save(id, saved, instead=instead)
    except InputError:  # deleted elsewhere while the answer was written
        logging.info("conversation %s is gone", id)
    except JianbaoError as error:
        logging.warning("%s", error)
        return str(error), exchange.number
    return "", exchange.number
