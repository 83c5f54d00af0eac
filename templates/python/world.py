"""Prints the rank of this process and the size of the MPI world that it is in, one line: hpcsub starts it under the
launcher of an MPI program, before the first item. The argument is the program's MPI library; without one, mpi4py is asked.
"""

import ctypes
import sys
from typing import Tuple


def with_mpi4py() -> Tuple[int, int]:
    from mpi4py import MPI

    return MPI.COMM_WORLD.Get_rank(), MPI.COMM_WORLD.Get_size()


def with_library(path: str) -> Tuple[int, int]:
    mpi = ctypes.CDLL(path, mode=ctypes.RTLD_GLOBAL)
    mpi.MPI_Init(None, None)
    try:  # Open MPI's handle is the address of a variable
        world = ctypes.c_void_p(ctypes.addressof(ctypes.c_char.in_dll(mpi, "ompi_mpi_comm_world")))
    except ValueError:  # that of MPICH and its relatives is a number
        world = ctypes.c_int(0x44000000)
    rank, size = ctypes.c_int(), ctypes.c_int()
    mpi.MPI_Comm_rank(world, ctypes.byref(rank))
    mpi.MPI_Comm_size(world, ctypes.byref(size))
    mpi.MPI_Finalize()
    return rank.value, size.value


def main() -> int:
    try:
        rank, size = with_library(sys.argv[1]) if len(sys.argv) > 1 else with_mpi4py()
    except (ImportError, OSError) as error:
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        return 9  # nothing is known
    sys.stdout.write(f"hpcsub-world {rank} {size}\n")
    return 0


sys.exit(main())
