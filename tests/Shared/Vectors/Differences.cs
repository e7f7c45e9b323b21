using System.Globalization;
using System.Text.Json.Nodes;

namespace BillApis.Tests.Vectors;

/// <summary>Collects where a result is not the expected one; a field that nothing was compared with is a difference too.</summary>
internal sealed class Differences(JsonObject expected, params string[] notOurs)
{
    private readonly List<string> _found = [];
    private readonly HashSet<string> _seen = [.. notOurs];

    public JsonObject Expected { get; } = expected;

    /// <summary>Compares as numbers; null is that there is none.</summary>
    public void Compare(string field, decimal? actual)
    {
        _seen.Add(field);
        if (Expected.ContainsKey(field) && Vector.Number(Expected[field]) != actual)
        {
            _found.Add($"{field}: expected {Expected[field] ?? "null"}, got {actual?.ToString(CultureInfo.InvariantCulture) ?? "null"}");
        }
    }

    /// <summary>How a peer says that it rounds; half away from zero where it says nothing.</summary>
    public static MidpointRounding ModeOf(JsonNode? rounding) => Vector.Text(rounding) switch
    {
        "ceil" or "ceiling" or "up" => MidpointRounding.ToPositiveInfinity,
        "floor" or "down" => MidpointRounding.ToNegativeInfinity,
        "half_even" => MidpointRounding.ToEven,
        _ => MidpointRounding.AwayFromZero,
    };

    /// <summary>Compares after rounding to the digits that the peer kept, as it did.</summary>
    public void Compare(string field, decimal actual, string scale)
    {
        var digits = (int?)Vector.Number(Expected[scale]);
        _seen.Add(scale);
        Compare(field, digits is null ? actual : Math.Round(actual, digits.Value, ModeOf(field is "amount" ? Expected["amount_rounding"] : null)));
    }

    public void CompareText(string field, string? actual)
    {
        _seen.Add(field);
        if (Expected.ContainsKey(field) && Vector.Text(Expected[field]) != actual)
        {
            _found.Add($"{field}: expected {Expected[field] ?? "null"}, got {actual ?? "null"}");
        }
    }

    public void Compare(string field, Action<JsonArray, Action<string>> compare)
    {
        _seen.Add(field);
        if (Expected[field] is JsonArray list)
        {
            compare(list, _found.Add);
        }
    }

    /// <summary>Adds what differs elsewhere; null adds nothing.</summary>
    public void Add(string? problem)
    {
        if (problem is not null)
        {
            _found.Add(problem);
        }
    }

    public string? Report()
    {
        var left = Expected.Select(item => item.Key).Where(field => !_seen.Contains(field)).Select(field => $"{field}: not compared");
        var all = string.Join("; ", _found.Concat(left));
        return all.Length == 0 ? null : all;
    }
}
