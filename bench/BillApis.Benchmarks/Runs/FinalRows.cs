using System.Data.Common;
using NodaTime;

namespace BillApis.Benchmarks.Runs;

/// <summary>All rows that a run leaves in a table, as they stand after it.</summary>
internal sealed record FinalRows(string Table, IReadOnlyList<string> Columns, List<object[]> Rows)
{
    // What is added to, and what is changed in place: of those every subscription or customer has its rows, and a run writes all.
    private static readonly (string Table, string Where)[] Tables =
    [
        ("billing_invoice", "issued_at = @now"), ("billing_revenue_schedule", "created_at = @now"), ("billing_outbox", "at = @now"), ("billing_transfer", "at = @now"),
        ("billing_subscription", "true"), ("billing_usage_gate", "true"), ("billing_account", "true"), ("billing_account_day", "true"), ("billing_series", "true"),
    ];

    /// <summary>The tables that a run changes in place.</summary>
    public static IEnumerable<string> Changed => Tables.Where(table => table.Where == "true").Select(table => table.Table);

    public static async Task<List<FinalRows>> ReadAsync(DbConnection connection, Instant now)
    {
        var all = new List<FinalRows>();
        foreach (var (table, where) in Tables)
        {
            await using var command = connection.CreateCommand();
            command.CommandText = $"select * from {table} where {where}";
            if (where != "true")
            {
                var parameter = command.CreateParameter();
                (parameter.ParameterName, parameter.Value) = ("now", now.ToUnixTimeTicks() / 10);
                command.Parameters.Add(parameter);
            }

            await using var reader = await command.ExecuteReaderAsync();
            var rows = new List<object[]>();
            while (await reader.ReadAsync())
            {
                var row = new object[reader.FieldCount];
                reader.GetValues(row);
                rows.Add(row);
            }

            all.Add(new FinalRows(table, [.. Enumerable.Range(0, reader.FieldCount).Select(reader.GetName)], rows));
        }

        return all;
    }
}
