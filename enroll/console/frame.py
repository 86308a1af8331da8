"""The frame of the staff pages: which sections there are, what stands under each, for whom."""

from __future__ import annotations

from typing import NamedTuple

from flask import Flask, current_app, request, url_for
from flask_babel import lazy_gettext as _
from flask_security import current_user

from enroll.console.guard import duties_of


class Tab(NamedTuple):
    """One link of a row: where it leads, its words, and the pages on which it is the present one."""

    endpoint: str
    words: object
    tasks: tuple[str, ...] = ()  # blueprints that count as this one


class Section(NamedTuple):
    """One word of the first row, and the row that stands under it."""

    words: object
    tabs: tuple[Tab, ...]


# What is about one batch, or one person in it.
OF_BATCHES = (
    *("roster", "bulk", "by_hand", "person", "address", "messages", "message_draft"),
    *("message_preview", "planning", "editing", "copying", "pattern", "steering", "dates"),
    *("sessions", "session_calls", "imports"),
)
SECTIONS = (
    Section(_("Today"), (Tab("today.index", _("Today"), ("today",)),)),
    Section(
        _("Batches"),
        (
            Tab(
                "roster.index", _("All batches"), ("roster", "bulk", "steering", "dates", "person")
            ),
            Tab("board.index", _("Run or cancel"), ("board",)),
            Tab("figures.index", _("Figures"), ("figures",)),
        ),
    ),
    Section(_("Find"), (Tab("searching.people", _("Find somebody"), ("searching",)),)),
    Section(
        _("Teaching"),
        (
            Tab("teaching.index", _("Guides and courses"), ("teaching", "grid")),
            Tab("drafted.show", _("Curriculum map"), ("drafted",)),
        ),
    ),
    Section(
        _("Comments"),
        (
            Tab("moderation.index", _("Queue"), ("moderation", "comment")),
            Tab("questions.index", _("Questions"), ("questions",)),
            Tab("appeals.index", _("Appeals"), ("appeals",)),
            Tab("reports.index", _("Reports"), ("reports",)),
            Tab("reasons.index", _("Reasons"), ("reasons",)),
            Tab("wordlist.index", _("Words"), ("wordlist",)),
            Tab("service.index", _("Service"), ("service",)),
        ),
    ),
    Section(
        _("Colleagues"),
        (
            Tab("colleagues.index", _("Colleagues"), ("colleagues",)),
            Tab("log.index", _("Activity log"), ("log",)),
        ),
    ),
)
# Everything about one batch; these addresses take its code.
OF_A_BATCH = (
    Tab("roster.show", _("People"), ("roster", "bulk", "by_hand")),
    Tab("planning.show", _("Plan"), ("planning", "editing", "copying", "pattern")),
    Tab("sessions.index", _("Sessions"), ("sessions", "session_calls")),
    Tab("messages.index", _("Messages"), ("messages", "message_draft", "message_preview")),
    Tab("steering.show", _("Size, dates, calling off"), ("steering", "dates")),
    Tab("figures.show", _("Figures"), ("figures",)),
    Tab("imports.index", _("Import"), ("imports",)),
)


class Link(NamedTuple):
    """A link as the layout draws it."""

    address: str
    words: object
    is_here: bool


def init_app(app: Flask) -> None:
    """Give the layout its rows."""
    app.add_template_global(sections)
    app.add_template_global(tabs)


def sections() -> list[Link]:
    """The first row: what this colleague may see, each leading to its first open page."""
    row = []
    for section in SECTIONS:
        open_tabs = [tab for tab in section.tabs if _is_open(tab)]
        if open_tabs:
            is_here = any(request.blueprint in tab.tasks for tab in section.tabs)
            row.append(Link(url_for(open_tabs[0].endpoint), section.words, is_here))
    return row


def tabs() -> list[Link]:
    """The second row: what stands beside this page; on the pages of one batch, all about it."""
    code = (request.view_args or {}).get("code")
    of_batch = code is not None and any(request.blueprint in tab.tasks for tab in OF_A_BATCH)
    if of_batch:
        return [_link(tab, code=code) for tab in OF_A_BATCH if _is_open(tab)]
    for section in SECTIONS:
        if any(request.blueprint in tab.tasks for tab in section.tabs):
            row = [_link(tab) for tab in section.tabs if _is_open(tab)]
            return row if len(row) > 1 else []
    return []


def _is_open(tab: Tab) -> bool:
    return tab.endpoint in current_app.view_functions and current_user.has_duty(
        *duties_of(tab.endpoint)
    )


def _link(tab: Tab, **where: str) -> Link:
    return Link(url_for(tab.endpoint, **where), tab.words, request.blueprint in tab.tasks)
