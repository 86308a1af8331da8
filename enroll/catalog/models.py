"""Tables of the catalog: role guides, skills, courses, modules and what each module covers."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from enroll.catalog.coverage import Level
from enroll.db import Base, one_of

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
    salary: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON)
    ladder: Mapped[list[dict[str, Any]]] = mapped_column(sa.JSON)  # level, titles
    certifications: Mapped[list[dict[str, Any]]] = mapped_column(sa.JSON)  # name, area, status
    sections: Mapped[list[dict[str, Any]]] = mapped_column(sa.JSON)  # slug, title, figure, body

    skills: Mapped[list[Skill]] = relationship(secondary=role_skill, order_by=Skill.position)
    courses: Mapped[list[Course]] = relationship(
        secondary=role_course, order_by="Course.position", back_populates="roles"
    )


class Course(Base):
    """The timeless offer; its dated runs are batches."""

    __tablename__ = "course"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(sa.String(80), unique=True)
    title: Mapped[str] = mapped_column(sa.String(120))
    position: Mapped[int]
    level: Mapped[str] = mapped_column(sa.String(40))
    weeks: Mapped[int]
    hours_per_week: Mapped[int]
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
