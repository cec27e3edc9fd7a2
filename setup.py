"""The compiled kernel, which is optional: without a C compiler scipy and shapely answer, slower."""

from setuptools import Extension, setup

setup(
    ext_modules=[
        Extension(
            "geogrid.network._kernel",
            [f"geogrid/network/kernel_{part}.c" for part in ("chains", "search", "snap")],
            depends=["geogrid/network/kernel.h"],
            # No fused multiply-add: distances are to come out bit by bit as GEOS computes them.
            extra_compile_args=["-O3", "-ffp-contract=off"],
            optional=True,
        )
    ]
)
