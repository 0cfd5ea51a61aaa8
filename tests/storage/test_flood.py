"""flood, one of our own programs, fills memory and verifies it three times in different orders, in two
processes at a time; afterwards the ledger balances.
"""


def test_v11_without_swap(storage):
    """As much as fits without a disk."""
    machine = storage(memory=64)
    output = machine.must("flood 16")
    assert output.count(", 0 wrong") == 6, output
    machine.ledger()
