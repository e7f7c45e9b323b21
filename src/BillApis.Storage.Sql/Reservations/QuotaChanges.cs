namespace BillApis.Storage.Sql.Reservations;

/// <summary>Rows of reservations and quotas that are to be written.</summary>
/// <param name="Added">New reservations.</param>
/// <param name="Changed">What became of reservations that are stored.</param>
/// <param name="Moved">Quotas, as they stand.</param>
internal sealed record QuotaChanges(SqlRows Added, SqlRows Changed, SqlRows Moved)
{
    private const int State = 6;
    private const int Actual = 7;

    public QuotaChanges()
        : this(new SqlRows(ReservationRow.Types), new SqlRows("id text", "state text", "actual text"), new SqlRows([.. QuotaRow.KeyTypes, "used text", "reserved text", "next_expiry bigint"]))
    {
    }

    public static QuotaChanges Of(IEnumerable<(Reservation Item, bool IsNew)> written, IEnumerable<(QuotaKey Key, QuotaState State)> moved)
    {
        var changes = new QuotaChanges();
        foreach (var (item, isNew) in written)
        {
            var row = ReservationRow.Write(item);
            if (isNew)
            {
                changes.Added.Add(row);
            }
            else
            {
                changes.Changed.Add(row[0], row[State], row[Actual]);
            }
        }

        foreach (var (key, (count, nextExpiry)) in moved)
        {
            changes.Moved.Add(key.Customer.ToString(), key.Subject, key.Start.ToMicroseconds(), Exact.Format(count.Used), Exact.Format(count.Reserved), nextExpiry?.ToMicroseconds());
        }

        return changes;
    }

    /// <summary>What the entries of a journal come to together, the oldest first.</summary>
    public static QuotaChanges Of(IEnumerable<string> journal)
    {
        var (added, changed, moved) = (new Dictionary<string, SqlValue[]>(), new Dictionary<string, SqlValue[]>(), new Dictionary<(string, string, long), SqlValue[]>());
        foreach (var entry in journal.Select(QuotaEntry.Read))
        {
            foreach (var item in entry.Added)
            {
                added[item[0].Text!] = item;
            }

            foreach (var item in entry.Changed)
            {
                if (added.TryGetValue(item[0].Text!, out var whole))
                {
                    (whole[State], whole[Actual]) = (item[1], item[2]);
                }
                else
                {
                    changed[item[0].Text!] = item;
                }
            }

            foreach (var item in entry.Moved)
            {
                moved[(item[0].Text!, item[1].Text!, item[2].Number!.Value)] = item;
            }
        }

        var changes = new QuotaChanges();
        Fill(changes.Added, added.Values);
        Fill(changes.Changed, changed.Values);
        Fill(changes.Moved, moved.Values);
        return changes;
    }

    private static void Fill(SqlRows rows, IEnumerable<SqlValue[]> values)
    {
        foreach (var row in values)
        {
            rows.Add(row);
        }
    }
}
