using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace BillApis.Host.Tests.OpenApi;

/// <summary>Writes what differs from run to run in one way: ids by their order, secrets by what they are, and the times of the machine's clock.</summary>
internal sealed partial class ExampleNames
{
    private static readonly DateTimeOffset Fixed = new(2026, 1, 1, 9, 0, 0, TimeSpan.Zero);

    private static readonly Dictionary<string, string> Secrets = new()
    {
        ["access_token"] = "eyJhbGciOiJFUzI1NiJ9.the-access-token", ["refresh_token"] = "the-refresh-token", ["reset_token"] = "the-reset-token", ["key"] = "bk_live_the-whole-key", ["prefix"] = "bk_live_the-start",
        ["secret"] = "JBSWY3DPEHPK3PXP", ["uri"] = "otpauth://totp/BillApis", ["recovery_codes"] = "a-recovery-code", ["hash"] = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        ["head"] = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", ["sha256"] = "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752", ["next_cursor"] = "the-cursor-of-the-next-page",
    };

    // How fast the machine is, how well what it made up packs, and what is told at any time.
    private static readonly (string Pattern, string Written)[] Measured =
    [
        ("\"invoices_per_second\":\\d+", "\"invoices_per_second\":1500"),
        ("\"bytes\":\\d+,\"sha256\"", "\"bytes\":384,\"sha256\""),
        ("\"entries\":\\d+,\"head\"", "\"entries\":120,\"head\""),
        ("\"sequence\":\\d+,\"at\"", "\"sequence\":110,\"at\""),
        ("-[0-9a-f]{16}\\.ndjson", "-60303ae22b998861.ndjson"),
    ];

    private readonly Dictionary<string, string> _known = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _ids = new(StringComparer.Ordinal);
    private readonly DateTimeOffset _start = TimeProvider.System.GetUtcNow().AddMinutes(-5);

    /// <summary>Remembers the secrets of an answer; what is one is told by the name of its field.</summary>
    public void Learn(JsonElement answer, string field = "")
    {
        switch (answer.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var property in answer.EnumerateObject())
                {
                    Learn(property.Value, property.Name);
                }

                break;
            case JsonValueKind.Array:
                foreach (var item in answer.EnumerateArray())
                {
                    Learn(item, field);
                }

                break;
            case JsonValueKind.String when Secrets.TryGetValue(field, out var written) && answer.GetString() is { Length: > 5 } secret:
                _known.TryAdd(secret, written);
                break;
        }
    }

    /// <summary>Lets a text be written as another.</summary>
    public void Call(string text, string name) => _known[text] = name;

    public string Write(string text)
    {
        foreach (var (secret, written) in _known.OrderByDescending(known => known.Key.Length))
        {
            text = text.Replace(secret, written, StringComparison.Ordinal);
        }

        foreach (var (pattern, written) in Measured)
        {
            text = Regex.Replace(text, pattern, written);
        }

        text = Id().Replace(text, id => Numbered(id.Value));
        return Moment().Replace(text, moment => Fixed.Add(Round(moment.Value)).ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture) is var written && IsReal(moment.Value) ? written : moment.Value);
    }

    private string Numbered(string id)
    {
        if (!_ids.TryGetValue(id, out var written))
        {
            written = id.EndsWith(new string('0', 20), StringComparison.Ordinal) ? id : $"{id[..^26]}01kdvgc500{(_ids.Count + 1).ToString("D16", CultureInfo.InvariantCulture)}";
            _ids[id] = written;
        }

        return written;
    }

    // Billing time stands still at whole seconds; the machine's clock does not.
    private bool IsReal(string moment) => moment.Contains('.', StringComparison.Ordinal) && DateTimeOffset.Parse(moment, CultureInfo.InvariantCulture) is var at && at > _start && at < _start.AddDays(60);

    private TimeSpan Round(string moment) => TimeSpan.FromHours((int)Math.Round((decimal)(DateTimeOffset.Parse(moment, CultureInfo.InvariantCulture) - _start).Ticks / TimeSpan.TicksPerHour, MidpointRounding.ToEven));

    [GeneratedRegex(@"\b[a-z]{2,4}_[0-9a-hjkmnp-tv-z]{26}\b")]
    private static partial Regex Id();

    [GeneratedRegex(@"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")]
    private static partial Regex Moment();
}
