using System.Runtime.InteropServices;
using BillApis.Storage.Sql.Metering;
using Microsoft.Data.Sqlite;

namespace BillApis.Sqlite;

/// <summary>Which events each owner has and when they happened; an owner is a customer, or the tenant for all of its events.</summary>
internal static class SqliteUsageSlices
{
    /// <summary>Adds events of an owner.</summary>
    public static void Add(SqliteConnection connection, string owner, List<(long At, long Number)> events)
    {
        var (insert, bytes) = (SqliteStatement.Of(connection, "insert into billing_usage_slice (owner, first_at, last_at, events) values (?1, ?2, ?3, ?4)"), Array.Empty<byte>());
        Sort(events);
        for (var rest = (ReadOnlySpan<(long At, long Number)>)CollectionsMarshal.AsSpan(events); !rest.IsEmpty;)
        {
            var slice = rest[..SqliteUsageSlice.Count(rest)];
            insert.Bind(1, owner);
            insert.Bind(2, slice[0].At);
            insert.Bind(3, slice[^1].At);
            insert.Bind(4, SqliteUsageSlice.Write(slice, ref bytes));
            insert.Run();
            rest = rest[slice.Length..];
        }
    }

    /// <summary>Takes events from an owner: the slices that have any of them are written anew.</summary>
    public static void Remove(SqliteConnection connection, string owner, List<(long At, long Number)> events)
    {
        var (gone, touched, kept) = (events.Select(item => item.Number).ToHashSet(), new List<long>(), new List<(long At, long Number)>());
        var (first, last) = (events.Min(item => item.At), events.Max(item => item.At));
        var slices = SqliteStatement.Of(connection, "select no, events from billing_usage_slice where owner = ?1 and last_at >= ?2 and last_at < ?3 and first_at <= ?4");
        slices.Bind(1, owner);
        slices.Bind(2, first);
        slices.Bind(3, last + UsageBucket.HourMicroseconds);
        slices.Bind(4, last);
        while (slices.Step())
        {
            var found = SqliteUsageSlice.Read(slices.Blob(1).ToArray()).ToList();
            if (found.Exists(item => gone.Contains(item.Number)))
            {
                touched.Add(slices.Number(0));
                kept.AddRange(found.Where(item => !gone.Contains(item.Number)));
            }
        }

        slices.Reset();
        var delete = SqliteStatement.Of(connection, "delete from billing_usage_slice where no = ?1");
        foreach (var no in touched)
        {
            delete.Bind(1, no);
            delete.Run();
        }

        Add(connection, owner, kept);
    }

    // Often they come in order: to see that costs less than to sort them.
    private static void Sort(List<(long At, long Number)> events)
    {
        for (var i = 1; i < events.Count; i++)
        {
            if (events[i - 1].CompareTo(events[i]) > 0)
            {
                events.Sort();
                return;
            }
        }
    }
}
