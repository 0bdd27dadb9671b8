"""What every part of the library rests on; it imports none of them."""
