using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;
using BillApis.Metering;
using NodaTime;

namespace BillApis;

/// <summary>Events as compressed NDJSON; the name says what is in it, so that writing it again changes nothing.</summary>
internal static class ArchiveFile
{
    private const byte LineEnd = (byte)'\n';

    /// <summary>Writes a lot to the disk, reads it back, and tells what is there.</summary>
    public static async Task<UsageArchivePart> WriteAsync(string folder, UsageArchiveLot lot, Instant at, CancellationToken cancellationToken)
    {
        var bytes = await PackAsync(lot.Events, cancellationToken).ConfigureAwait(false);
        var sha256 = Convert.ToHexStringLower(SHA256.HashData(bytes));
        var file = Path.Combine(lot.Tenant.ToString(), $"{lot.Month:uuuu-MM}", $"{lot.Part:000000}-{sha256[..16]}.ndjson.gz");
        var path = Path.Combine(folder, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);

        // Under another name first: a node that comes second must not take a file away, not for a moment, whose events are gone from the database already.
        var unfinished = $"{path}.{Path.GetRandomFileName()}";
        await using (var stream = new FileStream(unfinished, FileMode.CreateNew, FileAccess.Write, FileShare.Read))
        {
            await stream.WriteAsync(bytes, cancellationToken).ConfigureAwait(false);
            stream.Flush(flushToDisk: true);
        }

        var written = await File.ReadAllBytesAsync(unfinished, cancellationToken).ConfigureAwait(false);
        if (!written.AsSpan().SequenceEqual(bytes))
        {
            throw new IOException($"The archive '{unfinished}' does not read as it was written.");
        }

        File.Move(unfinished, path, overwrite: true);
        return new UsageArchivePart(lot.Tenant, lot.Month, lot.Part, file, lot.Events.Count, bytes.Length, sha256, at);
    }

    /// <summary>Reads the events of a file that is as it was noted.</summary>
    /// <exception cref="BillingException">It is not there, or not what was written.</exception>
    public static async Task<IReadOnlyList<StoredEvent>> ReadAsync(string folder, UsageArchivePart part, CancellationToken cancellationToken)
    {
        try
        {
            var bytes = await File.ReadAllBytesAsync(Path.Combine(folder, part.File), cancellationToken).ConfigureAwait(false);
            if (bytes.Length != part.Bytes || Convert.ToHexStringLower(SHA256.HashData(bytes)) != part.Sha256)
            {
                throw Refusal(part, "does not have the length and checksum that it was written with");
            }

            var events = Unpack(bytes);
            return events.Count == part.Events ? events : throw Refusal(part, $"has {events.Count} events, and {part.Events} were written");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or InvalidDataException or JsonException)
        {
            throw Refusal(part, "cannot be read");
        }
    }

    private static async Task<byte[]> PackAsync(IReadOnlyList<StoredEvent> events, CancellationToken cancellationToken)
    {
        using var bytes = new MemoryStream();
        await using (var packed = new GZipStream(bytes, CompressionLevel.Optimal, leaveOpen: true))
        {
            foreach (var item in events)
            {
                await JsonSerializer.SerializeAsync(packed, ArchiveLine.Of(item), BillingJson.Options, cancellationToken).ConfigureAwait(false);
                packed.WriteByte(LineEnd);
            }
        }

        return bytes.ToArray();
    }

    private static List<StoredEvent> Unpack(byte[] bytes)
    {
        using var packed = new GZipStream(new MemoryStream(bytes), CompressionMode.Decompress);
        using var text = new MemoryStream();
        packed.CopyTo(text);
        var events = new List<StoredEvent>();
        var rest = new ReadOnlySpan<byte>(text.GetBuffer(), 0, (int)text.Length);
        while (!rest.IsEmpty)
        {
            var end = rest.IndexOf(LineEnd);
            events.Add((JsonSerializer.Deserialize<ArchiveLine>(end < 0 ? rest : rest[..end], BillingJson.Options) ?? throw new JsonException("An empty line.")).Read());
            rest = end < 0 ? [] : rest[(end + 1)..];
        }

        return events;
    }

    private static BillingException Refusal(UsageArchivePart part, string reason) => new(BillingErrorCode.Conflict, $"The archive '{part.File}' {reason}; nothing was restored.");
}
