from sqlalchemy import String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from restkit import App
from restkit.crud import CRUDResource
from restkit.sqlalchemy import Database, Versioned


class Base(DeclarativeBase): ...


class Todo(Versioned, Base):
    __tablename__ = "todo"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    done: Mapped[bool] = mapped_column(default=False)


class Todos(CRUDResource[Todo]):
    model = Todo
    filters = ("done", "title__contains")
    sorts = ("title",)


app = App("Todo", contact={"name": "restkit"}, license={"name": "MIT", "identifier": "MIT"})
app.install(Database("sqlite:///todo.db", create=Base.metadata))
app.add("/todos", Todos)
