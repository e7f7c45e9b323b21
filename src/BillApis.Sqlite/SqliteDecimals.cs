using System.Globalization;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace BillApis.Sqlite;

/// <summary>Exact decimal arithmetic over canonical text, since SQLite itself would use binary floats.</summary>
internal static class SqliteDecimals
{
    /// <summary>Gives an open connection the functions that the SQL dialect names.</summary>
    public static void Register(SqliteConnection connection)
    {
        foreach (var (name, operation) in new (string, Func<decimal, decimal, decimal>)[] { ("billing_add", Exact.Add), ("billing_greatest", Math.Max), ("billing_least", Math.Min) })
        {
            connection.CreateFunction<string?, string?, string?>(name, (left, right) => Combine(left, right, operation), isDeterministic: true);
        }

        Aggregate(connection, "billing_sum", Exact.Add);
        Aggregate(connection, "billing_max", Math.Max);
        Aggregate(connection, "billing_min", Math.Min);
    }

    // Not by CreateAggregate: in Microsoft.Data.Sqlite 6 its state runs on from one group to the next (dotnet/efcore#26070).
    private static void Aggregate(SqliteConnection connection, string name, Func<decimal, decimal, decimal> operation)
    {
        SqliteException.ThrowExceptionForRC(
            raw.sqlite3_create_function(connection.Handle, name, 1, raw.SQLITE_UTF8 | raw.SQLITE_DETERMINISTIC, null, Step, Final), connection.Handle);

        void Step(sqlite3_context context, object data, sqlite3_value[] arguments)
        {
            if (raw.sqlite3_value_type(arguments[0]) == raw.SQLITE_NULL)
            {
                return;
            }

            var group = (Group)(context.state ??= new Group());
            try
            {
                var value = Parse(raw.sqlite3_value_text(arguments[0]).utf8_to_string());
                group.Value = group.Value is { } known ? operation(known, value) : value;
            }
            catch (Exception exception) when (exception is OverflowException or FormatException)
            {
                group.Error ??= exception.Message;
            }
        }

        static void Final(sqlite3_context context, object data)
        {
            switch (context.state)
            {
                case Group { Error: { } error }:
                    raw.sqlite3_result_error(context, utf8z.FromString(error));
                    break;
                case Group { Value: { } value }:
                    raw.sqlite3_result_text(context, utf8z.FromString(Exact.Format(value)));
                    break;
                default:
                    raw.sqlite3_result_null(context);
                    break;
            }
        }
    }

    private static string? Combine(string? left, string? right, Func<decimal, decimal, decimal> operation) =>
        left is null ? right : right is null ? left : Exact.Format(operation(Parse(left), Parse(right)));

    private static decimal Parse(string text) => decimal.Parse(text, NumberStyles.Number, CultureInfo.InvariantCulture);

    private sealed class Group
    {
        public decimal? Value { get; set; }

        public string? Error { get; set; }
    }
}
