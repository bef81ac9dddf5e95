"""One migration: what OpenAlgo's import, and a look at the schema."""

import sys

import argon2
import cryptography.fernet
import dotenv
import sqlalchemy
import sqlalchemy.orm

assert all((argon2, cryptography, sqlalchemy.orm))
dotenv.load_dotenv("/app/.env")
engine = sqlalchemy.create_engine("sqlite:////app/db/openalgo.db")
with engine.begin() as connection:
    connection.execute(sqlalchemy.text("CREATE TABLE IF NOT EXISTS migrated (number INTEGER PRIMARY KEY)"))
    connection.execute(sqlalchemy.text("INSERT OR IGNORE INTO migrated VALUES (:n)"), {"n": int(sys.argv[1])})
    tables = sqlalchemy.inspect(connection).get_table_names()
print(f"[OK] migration {sys.argv[1]}: {len(tables)} tables")
