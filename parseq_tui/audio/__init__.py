"""What a song says about time: how loud it is, where its notes begin, where its beats are."""
