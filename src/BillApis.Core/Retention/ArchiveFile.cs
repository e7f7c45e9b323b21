using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using BillApis.Metering;
using NodaTime;

namespace BillApis;

/// <summary>Events as compressed NDJSON; the name says what is in it, so that writing it again changes nothing.</summary>
internal static class ArchiveFile
{
    private static readonly byte[] LineEnd = "\n"u8.ToArray();

    /// <summary>Writes a lot to the disk, reads it back, and tells what is there.</summary>
    public static async Task<UsageArchivePart> WriteAsync(string folder, UsageArchiveLot lot, Instant at, CancellationToken cancellationToken)
    {
        var bytes = await PackAsync(lot.Events, cancellationToken).ConfigureAwait(false);
        var sha256 = Convert.ToHexStringLower(SHA256.HashData(bytes));
        var file = Path.Combine(lot.Tenant.ToString(), $"{lot.Month:uuuu-MM}", $"{lot.Part:000000}-{sha256[..16]}.ndjson.gz");
        var path = Path.Combine(folder, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await using (var stream = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.Read))
        {
            await stream.WriteAsync(bytes, cancellationToken).ConfigureAwait(false);
            stream.Flush(flushToDisk: true);
        }

        var written = await File.ReadAllBytesAsync(path, cancellationToken).ConfigureAwait(false);
        if (!written.AsSpan().SequenceEqual(bytes))
        {
            throw new IOException($"The archive '{path}' does not read as it was written.");
        }

        return new UsageArchivePart(lot.Tenant, lot.Month, lot.Part, file, lot.Events.Count, bytes.Length, sha256, at);
    }

    private static async Task<byte[]> PackAsync(IReadOnlyList<StoredEvent> events, CancellationToken cancellationToken)
    {
        using var bytes = new MemoryStream();
        await using (var packed = new GZipStream(bytes, CompressionLevel.Optimal, leaveOpen: true))
        {
            foreach (var item in events)
            {
                await JsonSerializer.SerializeAsync(packed, new Line(item), BillingJson.Options, cancellationToken).ConfigureAwait(false);
                await packed.WriteAsync(LineEnd, cancellationToken).ConfigureAwait(false);
            }
        }

        return bytes.ToArray();
    }

    // The fields of an event as it may be sent, and what billing knew of it.
    private sealed record Line(StoredEvent Stored)
    {
        [JsonIgnore]
        public StoredEvent Stored { get; } = Stored;

        public string Id => Stored.Event.Id;
        public string Source => Stored.Event.Source;
        public string Type => Stored.Event.Type;

        [JsonPropertyName("customer_id")]
        public string Customer => Stored.Event.Customer;

        [JsonPropertyName("subscription_id")]
        public SubscriptionId? Subscription => Stored.Event.SubscriptionId;

        public Instant? Timestamp => Stored.Event.Timestamp;
        public UsageProperties Properties => Stored.Event.Properties;

        [JsonPropertyName("received_at")]
        public Instant ReceivedAt => Stored.RecordedAt;

        [JsonPropertyName("billed_customer_id")]
        public CustomerId? BilledCustomer => Stored.Customer;

        public IReadOnlyList<MetricId> Metrics => Stored.Metrics;
    }
}
