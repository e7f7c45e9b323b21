using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using BillApis.Storage.Sql;

namespace BillApis.Sqlite;

/// <summary>Says a statement over many rows for one row, whose values are parameters: an insert from a select costs SQLite a journal of its own for each run, and an update from a table that table.</summary>
internal static partial class SqliteOneRow
{
    private const string Rows = "(rows)";
    private static readonly ConcurrentDictionary<string, string?> Known = new(StringComparer.Ordinal);

    /// <summary>The name of a column's parameter.</summary>
    public static string Parameter(string column) => $"r_{column}";

    /// <summary>The statement; what is neither of the plain shapes keeps its derived table, which has one row then.</summary>
    public static string Of(SqlRows rows, Func<string, string> sql)
    {
        var statement = sql(Rows);
        return Known.GetOrAdd(statement, Plain)
            ?? statement.Replace(Rows, $"(select {string.Join(", ", rows.Columns.Select(column => $"@{Parameter(column.Name)} as {column.Name}"))})", StringComparison.Ordinal);
    }

    private static string? Plain(string statement)
    {
        if (Insert().Match(statement) is { Success: true } insert)
        {
            return $"{insert.Groups["into"].Value}values ({Bound(insert.Groups["values"].Value.TrimEnd(), [])}){insert.Groups["conflict"].Value}";
        }

        if (Update().Match(statement) is { Success: true } update)
        {
            var names = update.Groups["named"].Captures.ToDictionary(named => named.Value.Split(' ')[^1], named => named.Value.Split(' ')[0], StringComparer.Ordinal);
            return Bound($"{update.Groups["set"].Value}{update.Groups["where"].Value}", names);
        }

        return null;
    }

    // By the name that the rows have for what the statement may call otherwise.
    private static string Bound(string text, Dictionary<string, string> names) =>
        Column().Replace(text, column => $"@{Parameter(names.GetValueOrDefault(column.Groups["name"].Value, column.Groups["name"].Value))}");

    [GeneratedRegex(@"^(?<into>\s*insert into .*?)\bselect (?<values>.*?)from \(rows\) as r(\s+where true)?(?<conflict>\s*|\s+on conflict .*)$", RegexOptions.Singleline | RegexOptions.ExplicitCapture)]
    private static partial Regex Insert();

    [GeneratedRegex(@"^(?<set>\s*update .*?)from (\(rows\) as r|\(select ((?<named>\w+( as \w+)?),? )+from \(rows\) as item\) as r)\s+(?<where>where .*)$", RegexOptions.Singleline | RegexOptions.ExplicitCapture)]
    private static partial Regex Update();

    [GeneratedRegex(@"\br\.(?<name>\w+)", RegexOptions.ExplicitCapture)]
    private static partial Regex Column();
}
