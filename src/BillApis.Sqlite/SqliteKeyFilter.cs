namespace BillApis.Sqlite;

/// <summary>Tells of nearly all keys that a run has not that it has not: a Bloom filter whose bits of one key lie in one word.</summary>
internal sealed class SqliteKeyFilter(long keys)
{
    private const int BitsPerKey = 12;
    private const int BitsOfWord = 64;
    private const int Rounds = 4;
    private readonly ulong[] _words = new ulong[WordsOf(keys)];

    /// <summary>The memory that a filter takes.</summary>
    public static long BytesOf(long keys) => WordsOf(keys) * sizeof(ulong);

    public void Add(ulong hash) => _words[Word(hash)] |= Bits(hash);

    public bool MayHave(ulong hash) => (_words[Word(hash)] & Bits(hash)) == Bits(hash);

    private static long WordsOf(long keys) => (keys * BitsPerKey / BitsOfWord) + 1;

    private long Word(ulong hash) => (long)Math.BigMul(hash, (ulong)_words.Length, out _);

    // From the other end of the hash than the word.
    private static ulong Bits(ulong hash)
    {
        var bits = 0UL;
        for (var round = 0; round < Rounds; round++, hash >>= 6)
        {
            bits |= 1UL << (int)(hash % BitsOfWord);
        }

        return bits;
    }
}
