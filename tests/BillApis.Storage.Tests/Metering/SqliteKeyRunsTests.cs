using BillApis.Sqlite;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace BillApis.Storage.Tests.Metering;

/// <summary>The index of keys beside a dictionary of the same keys.</summary>
public sealed class SqliteKeyRunsTests : IDisposable
{
    private readonly SqliteConnection _connection = new("Data Source=:memory:");
    private readonly Dictionary<ulong, List<long>> _expected = [];
    private readonly Random _random = new(5);
    private long _number;

    public SqliteKeyRunsTests()
    {
        Batteries_V2.Init();
        _connection.Open();
        Run("create table billing_usage_key_run (no integer primary key, stamp bigint not null, pages bigint not null, keys bigint not null)");
        Run("create table billing_usage_key_page (no integer primary key, keys blob not null)");
    }

    private sqlite3 Database => _connection.Handle!;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Keys_are_found_in_runs_of_every_size_with_filters_and_without(bool filtered)
    {
        var filters = filtered ? new SqliteKeyFilters() : null;
        int[] sizes = [1, 1, 1, 1, 1, 2, 300, 1, 1, 5_000, 5_000, 5_000, 20_000, 3, 1, 1, 1, 47, 48, 49, 1_000];
        foreach (var size in sizes)
        {
            new SqliteKeyRuns(Database, filters, size).Add(Lot(size));
            Check(filters);
        }

        // Each size has few runs, and no key was lost on the way.
        Scalar("select count(*) from billing_usage_key_run").ShouldBeInRange(1, 12);
        Scalar("select sum(keys) from billing_usage_key_run").ShouldBe(sizes.Sum());
        Scalar("select sum(length(keys)) from billing_usage_key_page").ShouldBe(16L * sizes.Sum());
        Scalar("select max(length(keys)) from billing_usage_key_page").ShouldBeLessThan(4_000);
    }

    [Fact]
    public void Hashes_that_are_the_same_and_those_at_both_ends_are_found_too()
    {
        ulong[] hashes = [0, 0, 0, 1, ulong.MaxValue, ulong.MaxValue, ulong.MaxValue - 1, 7, 7];
        foreach (var _ in Enumerable.Range(0, 6))
        {
            new SqliteKeyRuns(Database).Add(Lot(hashes));
            Check(null);
        }

        // So many of one hash that they do not fit into one page of the file.
        new SqliteKeyRuns(Database).Add(Lot([.. Enumerable.Repeat(42UL, 1_000)]));
        Check(null);
    }

    [Fact]
    public void A_filter_of_a_run_whose_transaction_was_undone_is_never_taken_for_that_of_the_next_run_of_its_number()
    {
        var filters = new SqliteKeyFilters();
        using (var undone = _connection.BeginTransaction())
        {
            new SqliteKeyRuns(Database, filters, 1_000).Add(Lot(1_000));
            Check(filters);
            undone.Rollback();
        }

        _expected.Clear();
        new SqliteKeyRuns(Database, filters, 1_000).Add(Lot(1_000));
        Check(filters);
        Scalar("select max(no) from billing_usage_key_run").ShouldBe(1);
    }

    [Fact]
    public void A_filter_lets_few_other_keys_through_in_the_memory_that_is_stated()
    {
        const int keys = 100_000;
        var filter = new SqliteKeyFilter(keys);
        var known = Enumerable.Range(0, keys).Select(i => SqliteKeyHash.Of(1, $"known-{i}")).ToList();
        known.ForEach(filter.Add);
        known.ShouldAllBe(hash => filter.MayHave(hash));
        Enumerable.Range(0, keys).Count(i => filter.MayHave(SqliteKeyHash.Of(1, $"other-{i}"))).ShouldBeLessThan(keys / 30);
        SqliteKeyFilter.BytesOf(keys).ShouldBeInRange(keys * 12 / 8, (keys * 12 / 8) + 8);
    }

    [Fact]
    public void Text_and_bytes_of_a_key_have_one_hash_which_never_changes()
    {
        SqliteKeyHash.Of(1, "é").ShouldBe(SqliteKeyHash.Of(1, "é"u8));
        SqliteKeyHash.Of(1, new string('é', 300)).ShouldBe(SqliteKeyHash.Of(1, System.Text.Encoding.UTF8.GetBytes(new string('é', 300))));
        SqliteKeyHash.Of(1, "a").ShouldNotBe(SqliteKeyHash.Of(2, "a"));

        // The published value of XXH3 for no bytes and no seed.
        SqliteKeyHash.Of(0, "").ShouldBe(0x2D06800538D394C2UL);
    }

    public void Dispose()
    {
        SqliteStatement.Forget(_connection.Handle);
        _connection.Dispose();
    }

    private SqliteSortedKeys Lot(int size) => Lot([.. Enumerable.Range(0, size).Select(_ => (ulong)_random.NextInt64() << 1)]);

    private SqliteSortedKeys Lot(ulong[] hashes)
    {
        var numbers = hashes.Select(_ => ++_number).ToArray();
        foreach (var (hash, number) in hashes.Zip(numbers))
        {
            (_expected.TryGetValue(hash, out var known) ? known : _expected[hash] = []).Add(number);
        }

        return SqliteSortedKeys.Sort([.. hashes], numbers);
    }

    private void Check(SqliteKeyFilters? filters)
    {
        var (runs, found) = (new SqliteKeyRuns(Database, filters, _expected.Count), new List<long>());
        foreach (var hash in _expected.Keys.Concat(Enumerable.Range(0, 1_000).Select(_ => ((ulong)_random.NextInt64() << 1) | 1)))
        {
            found.Clear();
            runs.Find(hash, found);
            if (!found.Order().SequenceEqual(_expected.GetValueOrDefault(hash, []).Order()))
            {
                found.ShouldBe(_expected.GetValueOrDefault(hash, []), ignoreOrder: true);
            }
        }
    }

    private long Scalar(string sql)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = sql;
        return (long)command.ExecuteScalar()!;
    }

    private void Run(string sql)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
