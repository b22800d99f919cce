"""What a study is: its words, how they are read, and what is said of mistakes."""
