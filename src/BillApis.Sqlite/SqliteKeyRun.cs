using System.Buffers.Binary;
using System.Security.Cryptography;
using SQLitePCL;

namespace BillApis.Sqlite;

/// <summary>Many keys in the order of their hashes, in pages; the hash says which page. It is written once and never changed.</summary>
/// <param name="No">Its number, which another may get once this one is gone.</param>
/// <param name="Stamp">What no other run ever has, not even one whose transaction was undone.</param>
/// <param name="Pages">How many pages it has.</param>
/// <param name="Keys">How many keys.</param>
internal sealed record SqliteKeyRun(long No, long Stamp, long Pages, long Keys)
{
    // About five pages of a run, of 768 bytes each, lie in one page of the file.
    private const int KeysPerPage = 48;
    private const int PageBits = 24;

    /// <summary>What tells of most keys that they are not here; none where it is not worth its while.</summary>
    public SqliteKeyFilter? Filter { get; set; }

    /// <summary>Adds the numbers of the events whose keys have a hash.</summary>
    public void Find(SqliteStatement page, ulong hash, List<long> numbers)
    {
        page.Bind(1, First + PageOf(hash, Pages));
        if (page.Step())
        {
            SqliteSortedKeys.Find(page.Blob(0), hash, numbers);
        }

        page.Reset();
    }

    public SqliteSortedKeys Read(sqlite3 database)
    {
        var (keys, place) = (new SqliteSortedKeys(new ulong[Keys], new long[Keys]), 0);
        var pages = Bound(database, "select keys from billing_usage_key_page where no >= ?1 and no < ?2 order by no");
        while (pages.Step())
        {
            place = keys.Read(place, pages.Blob(0));
        }

        pages.Reset();
        return keys;
    }

    public void Delete(sqlite3 database)
    {
        Bound(database, "delete from billing_usage_key_page where no >= ?1 and no < ?2").Run();
        var run = SqliteStatement.Of(database, "delete from billing_usage_key_run where no = ?1");
        run.Bind(1, No);
        run.Run();
    }

    /// <summary>Writes keys as a run.</summary>
    public static SqliteKeyRun Write(sqlite3 database, SqliteSortedKeys keys)
    {
        var (stamp, pages) = (BinaryPrimitives.ReadInt64LittleEndian(RandomNumberGenerator.GetBytes(sizeof(long))), 1L + (keys.Count / KeysPerPage));
        var insert = SqliteStatement.Of(database, "insert into billing_usage_key_run (stamp, pages, keys) values (?1, ?2, ?3) returning no");
        insert.Bind(1, stamp);
        insert.Bind(2, pages);
        insert.Bind(3, keys.Count);
        var run = new SqliteKeyRun(insert.Find()!.Value, stamp, pages, keys.Count);
        run.WritePages(SqliteStatement.Of(database, "insert into billing_usage_key_page (no, keys) values (?1, ?2)"), keys);
        return run;
    }

    private void WritePages(SqliteStatement insert, SqliteSortedKeys keys)
    {
        var bytes = new byte[KeysPerPage * 4 * SqliteSortedKeys.PairBytes];
        for (var (first, end) = (0, 0); first < keys.Count; first = end)
        {
            var page = PageOf(keys.Hashes[first], Pages);
            while (end < keys.Count && PageOf(keys.Hashes[end], Pages) == page)
            {
                end++;
            }

            if ((end - first) * SqliteSortedKeys.PairBytes > bytes.Length)
            {
                bytes = new byte[(end - first) * SqliteSortedKeys.PairBytes];
            }

            insert.Bind(1, First + page);
            insert.Bind(2, keys.Write(first, end, bytes));
            insert.Run();
        }
    }

    private long First => No << PageBits;

    // Hashes lie evenly, and so do keys on pages.
    private static long PageOf(ulong hash, long pages) => (long)Math.BigMul(hash, (ulong)pages, out _);

    private SqliteStatement Bound(sqlite3 database, string sql)
    {
        var statement = SqliteStatement.Of(database, sql);
        statement.Bind(1, First);
        statement.Bind(2, First + Pages);
        return statement;
    }
}
