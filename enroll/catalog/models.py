"""Tables of the catalog: role guides, skills, courses, modules and what each module covers."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from enroll.catalog.coverage import Level
from enroll.catalog.documents import Kind
from enroll.db import Base, Moment, one_of

role_skill = sa.Table(
    "role_skill",
    Base.metadata,
    sa.Column("role_guide_id", sa.ForeignKey("role_guide.id"), primary_key=True),
    sa.Column("skill_id", sa.ForeignKey("skill.id"), primary_key=True),
)

role_course = sa.Table(
    "role_course",
    Base.metadata,
    sa.Column("role_guide_id", sa.ForeignKey("role_guide.id"), primary_key=True),
    sa.Column("course_id", sa.ForeignKey("course.id"), primary_key=True),
)


class Skill(Base):
    """One entry of the skill list, with the topics below it."""

    __tablename__ = "skill"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(sa.String(80), unique=True)
    name: Mapped[str] = mapped_column(sa.String(120))
    group: Mapped[str] = mapped_column("group_name", sa.String(40))
    position: Mapped[int]
    summary: Mapped[str] = mapped_column(sa.Text)
    topics: Mapped[list[str]] = mapped_column(sa.JSON)
    esco: Mapped[str | None] = mapped_column(
        sa.String(200)
    )  # URI in the EU's ESCO, where it has one
    onet: Mapped[list[str]] = mapped_column(
        sa.JSON, server_default="[]"
    )  # O*NET element ids, such as 2.A.2.a


class RoleGuide(Base):
    """The page about a job role. Drawn parts keep their facts as rows of JSON, prose is Markdown."""

    __tablename__ = "role_guide"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(sa.String(80), unique=True)
    title: Mapped[str] = mapped_column(sa.String(120))
    summary: Mapped[str] = mapped_column(sa.Text)
    related: Mapped[list[str]] = mapped_column(sa.JSON)  # slugs of other guides
    history: Mapped[list[dict[str, str]]] = mapped_column(sa.JSON)  # when, what
    # currency (ISO 4217), period, note, bands: level, from, to, open_ended, typical; or nothing
    salary: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON)  # also country, year, source
    ladder: Mapped[list[dict[str, Any]]] = mapped_column(sa.JSON)  # level, titles
    # name, area, status, checked_on
    certifications: Mapped[list[dict[str, Any]]] = mapped_column(sa.JSON)
    sections: Mapped[list[dict[str, Any]]] = mapped_column(sa.JSON)  # slug, title, figure, body
    # esco: URI, onet: SOC code
    occupation: Mapped[dict[str, Any]] = mapped_column(sa.JSON, server_default="{}")

    skills: Mapped[list[Skill]] = relationship(secondary=role_skill, order_by=Skill.position)
    courses: Mapped[list[Course]] = relationship(
        secondary=role_course, order_by="Course.position", back_populates="roles"
    )


class Course(Base):
    """The timeless offer; its dated runs are batches."""

    __tablename__ = "course"
    __table_args__ = (
        sa.CheckConstraint(
            "hours_beside BETWEEN 0 AND hours_per_week",
            name="hours_beside_fit",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(sa.String(80), unique=True)
    title: Mapped[str] = mapped_column(sa.String(120))
    position: Mapped[int]
    level: Mapped[str] = mapped_column(sa.String(40))
    weeks: Mapped[int]
    # All that the course takes in a week, in class and beside; and how many of them are beside.
    hours_per_week: Mapped[int]
    hours_beside: Mapped[int | None]
    # What one needs: computer, system, memory; internet, and how much goes through it.
    device: Mapped[str] = mapped_column(sa.Text, default="", server_default="")
    data_needed: Mapped[str] = mapped_column(sa.Text, default="", server_default="")
    summary: Mapped[str] = mapped_column(sa.Text)
    body: Mapped[str] = mapped_column(sa.Text)  # Markdown
    audience: Mapped[list[str]] = mapped_column(sa.JSON)
    prerequisites: Mapped[list[str]] = mapped_column(sa.JSON)
    requires: Mapped[list[str]] = mapped_column(sa.JSON)  # slugs of courses that fulfil them
    outcomes: Mapped[list[str]] = mapped_column(sa.JSON)

    modules: Mapped[list[Module]] = relationship(
        order_by="Module.position", back_populates="course", cascade="all, delete-orphan"
    )
    roles: Mapped[list[RoleGuide]] = relationship(secondary=role_course, back_populates="courses")


class Module(Base):
    """One unit of a course's curriculum."""

    __tablename__ = "module"
    __table_args__ = (sa.UniqueConstraint("course_id", "slug"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[int] = mapped_column(sa.ForeignKey("course.id"))
    position: Mapped[int]
    slug: Mapped[str] = mapped_column(sa.String(80))
    title: Mapped[str] = mapped_column(sa.String(160))
    hours: Mapped[int]
    summary: Mapped[str] = mapped_column(sa.Text)
    topics: Mapped[list[str]] = mapped_column(sa.JSON)

    course: Mapped[Course] = relationship(back_populates="modules")
    coverage: Mapped[list[Coverage]] = relationship(
        back_populates="module", cascade="all, delete-orphan"
    )


class Coverage(Base):
    """How one module treats one skill."""

    __tablename__ = "coverage"
    __table_args__ = (sa.Index("ix_coverage_skill_id", "skill_id"),)

    module_id: Mapped[int] = mapped_column(sa.ForeignKey("module.id"), primary_key=True)
    skill_id: Mapped[int] = mapped_column(sa.ForeignKey("skill.id"), primary_key=True)
    level: Mapped[Level] = mapped_column(one_of(Level, "level"))
    assessed: Mapped[bool] = mapped_column(default=False)

    module: Mapped[Module] = relationship(back_populates="coverage")
    skill: Mapped[Skill] = relationship(lazy="joined")


class Manuscript(Base):
    """What staff write: the skill list, a role guide or a course with its modules, in versions.

    The tables above hold what is published; a manuscript holds all that was ever saved of it.
    """

    __tablename__ = "manuscript"
    __table_args__ = (sa.UniqueConstraint("kind", "slug"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[Kind] = mapped_column(one_of(Kind, "kind"))
    slug: Mapped[str] = mapped_column(sa.String(80))  # where it is published, or will be
    latest: Mapped[int]  # number of the last version
    published: Mapped[int | None]  # number of the version the public sees


class Version(Base):
    """One saved state of a manuscript: never changed, never deleted."""

    __tablename__ = "manuscript_version"

    manuscript_id: Mapped[int] = mapped_column(sa.ForeignKey("manuscript.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)  # from 1
    document: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    made_at: Mapped[datetime] = mapped_column(Moment)
    by: Mapped[str] = mapped_column("by_whom", sa.String(80))
    why: Mapped[str] = mapped_column(sa.String(200))


class OldSlug(Base):
    """An address that a published manuscript had before: it redirects for good."""

    __tablename__ = "old_slug"

    kind: Mapped[Kind] = mapped_column(one_of(Kind, "kind"), primary_key=True)
    slug: Mapped[str] = mapped_column(sa.String(80), primary_key=True)
    manuscript_id: Mapped[int] = mapped_column(sa.ForeignKey("manuscript.id"))


class SelfCheckCount(Base):
    """How often people who checked themselves stood there in a skill, by month: numbers, nobody.

    No person, no network, no role and no way from one answer to another: ten answers become ten
    numbers that are one higher.
    """

    __tablename__ = "self_check_count"
    __table_args__ = (
        sa.CheckConstraint("standing BETWEEN 0 AND 3", name="standing_known"),
        sa.CheckConstraint("number > 0", name="number_positive"),
    )

    skill_id: Mapped[int] = mapped_column(
        sa.ForeignKey("skill.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    month: Mapped[date] = mapped_column(primary_key=True)  # its first day, UTC
    standing: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int]
