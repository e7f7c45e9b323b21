using System.Security.Cryptography;
using BillApis.Invoicing;
using BillApis.Metering;

namespace BillApis;

/// <summary>Tells whether a file of events is the one that an invoice was counted from.</summary>
/// <param name="Count">How many events there are.</param>
/// <param name="Hash">SHA-256 over their lines.</param>
public sealed record EventDigest(int Count, string Hash)
{
    /// <summary>The digest of events.</summary>
    public static EventDigest Of(IReadOnlyCollection<UsageEvent> events)
    {
        ArgumentNullException.ThrowIfNull(events);
        return new(events.Count, Convert.ToHexStringLower(SHA256.HashData(Write(events))));
    }

    /// <summary>The events, one in canonical JSON a line, in the order of their sources and ids.</summary>
    public static byte[] Write(IEnumerable<UsageEvent> events)
    {
        using var stream = new MemoryStream();
        foreach (var item in events.OrderBy(item => item.Source, StringComparer.Ordinal).ThenBy(item => item.Id, StringComparer.Ordinal))
        {
            stream.Write(CanonicalJson.Of(item));
            stream.WriteByte((byte)'\n');
        }

        return stream.ToArray();
    }
}
