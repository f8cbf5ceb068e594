# ruff: noqa: INP001 -- scripts of the build, run by path
import sys
