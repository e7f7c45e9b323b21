using System.Globalization;
using System.Text;
using BillApis.Metering;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace BillApis.Sqlite;

/// <summary>Exact decimal arithmetic over canonical text, since SQLite itself would use binary floats; sums have as many digits as they need.</summary>
internal static class SqliteDecimals
{
    private const int LongestText = 128;

    private delegate int Operation(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right, Span<byte> result);

    /// <summary>Gives an open connection the functions that the SQL dialect and the migrations name.</summary>
    public static void Register(SqliteConnection connection)
    {
        foreach (var (name, operation) in new (string, Operation)[] { ("add", Add), ("greatest", Greatest), ("least", Least) })
        {
            SqliteException.ThrowExceptionForRC(
                raw.sqlite3_create_function(connection.Handle, $"billing_{name}", 2, raw.SQLITE_UTF8 | raw.SQLITE_DETERMINISTIC, null, (context, _, arguments) => Combine(context, arguments, operation)),
                connection.Handle);
        }

        foreach (var (name, operation) in new (string, Operation)[] { ("sum", Add), ("max", Greatest), ("min", Least) })
        {
            SqliteException.ThrowExceptionForRC(
                raw.sqlite3_create_function(connection.Handle, $"billing_{name}", 1, raw.SQLITE_UTF8 | raw.SQLITE_DETERMINISTIC, null, (context, _, arguments) => Step(context, arguments, operation), Final),
                connection.Handle);
        }
    }

    // By the raw binding: Microsoft.Data.Sqlite boxes each value and copies each text.
    private static void Combine(sqlite3_context context, sqlite3_value[] arguments, Operation operation)
    {
        Span<byte> result = stackalloc byte[LongestText];
        if (TryOf(context, raw.sqlite3_value_blob(arguments[0]), raw.sqlite3_value_blob(arguments[1]), result, operation, out var length))
        {
            Answer(context, result[..length]);
        }
    }

    private static void Step(sqlite3_context context, sqlite3_value[] arguments, Operation operation)
    {
        var group = (Group)(context.state ??= new Group());
        Span<byte> result = stackalloc byte[LongestText];
        if (TryOf(context, group.Value, raw.sqlite3_value_blob(arguments[0]), result, operation, out var length))
        {
            group.Value = result[..length].ToArray();
        }
    }

    private static void Final(sqlite3_context context, object data) => Answer(context, (context.state as Group)?.Value);

    private static void Answer(sqlite3_context context, ReadOnlySpan<byte> text)
    {
        if (text.IsEmpty)
        {
            raw.sqlite3_result_null(context);
        }
        else
        {
            raw.sqlite3_result_text(context, text);
        }
    }

    // What is null does not take part. An exception must not run through SQLite, which is not ours.
    private static bool TryOf(sqlite3_context context, ReadOnlySpan<byte> left, ReadOnlySpan<byte> right, Span<byte> result, Operation operation, out int length)
    {
        length = 0;
        try
        {
            if (left.IsEmpty || right.IsEmpty)
            {
                var known = left.IsEmpty ? right : left;
                known.CopyTo(result);
                length = known.Length;
            }
            else
            {
                length = operation(left, right, result);
            }

            return true;
        }
        catch (Exception exception) when (exception is FormatException or OverflowException or ArgumentException)
        {
            raw.sqlite3_result_error(context, utf8z.FromString($"A stored decimal cannot be read: {exception.Message}"));
            return false;
        }
    }

    private static int Add(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right, Span<byte> result)
    {
        const int longestDecimal = 28;
        if (left.Length <= longestDecimal && right.Length <= longestDecimal)
        {
            var (first, second) = (Parse(left), Parse(right));
            var sum = first + second;
            if (sum.Scale == Math.Max(first.Scale, second.Scale))
            {
                return Format(Exact.Normalize(sum), result);
            }
        }

        return Encoding.ASCII.GetBytes((ExactSum.Parse(Encoding.ASCII.GetString(left)) + ExactSum.Parse(Encoding.ASCII.GetString(right))).ToString(), result);
    }

    private static int Greatest(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right, Span<byte> result) => Format(Math.Max(Parse(left), Parse(right)), result);

    private static int Least(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right, Span<byte> result) => Format(Math.Min(Parse(left), Parse(right)), result);

    private static decimal Parse(ReadOnlySpan<byte> text) => decimal.Parse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture);

    private static int Format(decimal value, Span<byte> result) =>
        value.TryFormat(result, out var length, default, CultureInfo.InvariantCulture) ? length : throw new InvalidOperationException("A decimal is longer than any can be.");

    private sealed class Group
    {
        public byte[] Value { get; set; } = [];
    }
}
