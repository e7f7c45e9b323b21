using System.Text;

namespace BillApis.AspNetCore;

/// <summary>Reads the rows of a CSV text (RFC 4180): quotes around a value let it hold commas, line ends and doubled quotes.</summary>
internal static class CsvRows
{
    public static IEnumerable<string[]> Of(string text)
    {
        var (values, value, quoted) = (new List<string>(), new StringBuilder(), false);
        for (var i = 0; i < text.Length; i++)
        {
            var letter = text[i];
            if (letter == '"')
            {
                if (quoted && i + 1 < text.Length && text[i + 1] == '"')
                {
                    value.Append('"');
                    i++;
                }
                else
                {
                    quoted = !quoted;
                }
            }
            else if (quoted || (letter != ',' && letter != '\n'))
            {
                value.Append(letter);
            }
            else
            {
                values.Add(Take(value));
                if (letter == '\n' && Row(values) is { } row)
                {
                    yield return row;
                }
            }
        }

        if (quoted)
        {
            throw BillingException.Field("body", "ends inside of a quoted value");
        }

        values.Add(Take(value));
        if (Row(values) is { } last)
        {
            yield return last;
        }
    }

    private static string Take(StringBuilder value)
    {
        var text = value.ToString().TrimEnd('\r');
        value.Clear();
        return text;
    }

    // An empty line is no row.
    private static string[]? Row(List<string> values)
    {
        string[] row = [.. values];
        values.Clear();
        return row is [""] ? null : row;
    }
}
