using System.Globalization;
using Microsoft.Data.Sqlite;

namespace BillApis.Sqlite;

/// <summary>Exact decimal arithmetic over canonical text, since SQLite itself would use binary floats.</summary>
internal static class SqliteDecimals
{
    public static void Register(SqliteConnection connection)
    {
        connection.CreateFunction<string?, string?, string?>("billing_add", (left, right) => Combine(left, right, Exact.Add), isDeterministic: true);
        connection.CreateFunction<string?, string?, string?>("billing_greatest", (left, right) => Combine(left, right, Math.Max), isDeterministic: true);
        connection.CreateFunction<string?, string?, string?>("billing_least", (left, right) => Combine(left, right, Math.Min), isDeterministic: true);
        connection.CreateAggregate<string?, string?>("billing_sum", (sum, value) => Combine(sum, value, Exact.Add), isDeterministic: true);
    }

    private static string? Combine(string? left, string? right, Func<decimal, decimal, decimal> operation) =>
        left is null ? right : right is null ? left : Exact.Format(operation(Parse(left), Parse(right)));

    private static decimal Parse(string text) => decimal.Parse(text, NumberStyles.Number, CultureInfo.InvariantCulture);
}
