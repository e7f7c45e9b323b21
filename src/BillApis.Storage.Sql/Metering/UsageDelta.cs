using System.Buffers;
using System.Buffers.Text;
using BillApis.Metering;

namespace BillApis.Storage.Sql.Metering;

/// <summary>What a batch adds to the totals of its hours, as one text: the Base64 of each total, then of each item, its key before its values.</summary>
internal static class UsageDelta
{
    private const byte Format = 1;

    // What most totals take, so that a usual batch is no large object.
    private const int BytesOfTotal = 64;

    [Flags]
    private enum Has : byte
    {
        Nothing = 0,
        Subscription = 1,
        Sum = 2,
        Moment = 4,
        Max = 8,
        Min = 16,
        Latest = 32,
    }

    /// <summary>The text, in UTF-8.</summary>
    public static byte[] Of(UsageTotals batch)
    {
        using var bytes = new MemoryStream((batch.Totals.Count + batch.Items.Count) * BytesOfTotal);
        using var writer = new BinaryWriter(bytes);
        writer.Write(Format);
        writer.Write7BitEncodedInt(batch.Totals.Count);
        foreach (var (key, total) in batch.Totals)
        {
            var has = If(key.Subscription, Has.Subscription) | If(total.Sum, Has.Sum) | If(total.Moment, Has.Moment) | If(total.Max, Has.Max) | If(total.Min, Has.Min) | (total.Latest is null ? 0 : Has.Latest);
            Write(writer, key, has);
            writer.Write7BitEncodedInt64(total.Events);
            Write(writer, total.Sum);
            Write(writer, total.Moment);
            Write(writer, total.Max);
            Write(writer, total.Min);
            Write(writer, total.Latest);
        }

        writer.Write7BitEncodedInt(batch.Items.Count);
        foreach (var ((key, name), item) in batch.Items)
        {
            Write(writer, key, If(key.Subscription, Has.Subscription) | (item.Latest is null ? 0 : Has.Latest));
            writer.Write(name);
            writer.Write7BitEncodedInt64(item.Events);
            Write(writer, item.Latest);
        }

        writer.Flush();
        var text = new byte[Base64.GetMaxEncodedToUtf8Length((int)bytes.Length)];
        _ = Base64.EncodeToUtf8(bytes.GetBuffer().AsSpan(0, (int)bytes.Length), text, out _, out _);
        return text;
    }

    /// <summary>Adds what <see cref="Of"/> wrote.</summary>
    public static void AddTo(UsageMerge merge, ReadOnlySpan<byte> delta)
    {
        var bytes = ArrayPool<byte>.Shared.Rent(Base64.GetMaxDecodedFromUtf8Length(delta.Length));
        try
        {
            _ = Base64.DecodeFromUtf8(delta, bytes, out _, out var length) is OperationStatus.Done ? 0 : throw new InvalidOperationException("What a batch added to the totals is damaged.");
            using var reader = new BinaryReader(new MemoryStream(bytes, 0, length));
            AddTo(merge, reader);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    private static void AddTo(UsageMerge merge, BinaryReader reader)
    {
        _ = reader.ReadByte() is Format ? 0 : throw new InvalidOperationException("A later version of this program wrote these totals.");
        for (var count = reader.Read7BitEncodedInt(); count > 0; count--)
        {
            var (key, total) = (ReadKey(reader, out var has), new UsageTotal());
            (total.Events, total.Sum, total.Moment) = (reader.Read7BitEncodedInt64(), Sum(reader, has, Has.Sum), Sum(reader, has, Has.Moment));
            (total.Max, total.Min, total.Latest) = ((has & Has.Max) != 0 ? reader.ReadDecimal() : null, (has & Has.Min) != 0 ? reader.ReadDecimal() : null, Latest(reader, has));
            merge.Add(key, total);
        }

        for (var count = reader.Read7BitEncodedInt(); count > 0; count--)
        {
            var key = ReadKey(reader, out var has);
            merge.Add(key, reader.ReadString(), new UsageItem(reader.Read7BitEncodedInt64(), Latest(reader, has)));
        }
    }

    private static void Write(BinaryWriter writer, UsageKey key, Has has)
    {
        writer.Write((byte)has);
        writer.Write7BitEncodedInt64(key.Bucket.Hour);
        Write(writer, key.Customer.Value);
        Write(writer, key.Metric.Value);
        if (key.Subscription is { } subscription)
        {
            Write(writer, subscription.Value);
        }

        writer.Write(key.Dimensions);
    }

    private static UsageKey ReadKey(BinaryReader reader, out Has has)
    {
        has = (Has)reader.ReadByte();
        return new UsageKey(
            new UsageBucket(UsageLevel.Hour, reader.Read7BitEncodedInt64()), new CustomerId(ReadGuid(reader)), new MetricId(ReadGuid(reader)),
            (has & Has.Subscription) != 0 ? new SubscriptionId(ReadGuid(reader)) : null, reader.ReadString());
    }

    private static void Write(BinaryWriter writer, Guid id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes);
        writer.Write(bytes);
    }

    private static Guid ReadGuid(BinaryReader reader)
    {
        Span<byte> bytes = stackalloc byte[16];
        reader.ReadExactly(bytes);
        return new Guid(bytes);
    }

    private static void Write(BinaryWriter writer, ExactSum? sum)
    {
        if (sum is { } known)
        {
            Span<byte> small = stackalloc byte[64];
            var bytes = known.Units.TryWriteBytes(small, out var length) ? small[..length] : known.Units.ToByteArray();
            writer.Write7BitEncodedInt(bytes.Length);
            writer.Write(bytes);
        }
    }

    private static ExactSum? Sum(BinaryReader reader, Has has, Has what)
    {
        if ((has & what) == 0)
        {
            return null;
        }

        Span<byte> small = stackalloc byte[64];
        var length = reader.Read7BitEncodedInt();
        var bytes = length <= small.Length ? small[..length] : new byte[length];
        reader.ReadExactly(bytes);
        return ExactSum.Read(bytes);
    }

    private static void Write(BinaryWriter writer, decimal? value)
    {
        if (value is { } known)
        {
            writer.Write(known);
        }
    }

    private static void Write(BinaryWriter writer, LatestValue? latest)
    {
        if (latest is not null)
        {
            writer.Write7BitEncodedInt64(latest.At.ToMicroseconds());
            writer.Write(latest.Tie);
            writer.Write(latest.Value);
        }
    }

    private static LatestValue? Latest(BinaryReader reader, Has has) =>
        (has & Has.Latest) != 0 ? new LatestValue(SqlTime.FromMicroseconds(reader.Read7BitEncodedInt64()), reader.ReadString(), reader.ReadDecimal()) : null;

    private static Has If<T>(T? value, Has has) where T : struct => value is null ? Has.Nothing : has;
}

/// <summary>What events add to the totals.</summary>
/// <param name="Delta">As <see cref="UsageDelta"/> writes it.</param>
/// <param name="Totals">How many totals and items it moves.</param>
internal sealed record UsageAdded(byte[] Delta, int Totals)
{
    public static UsageAdded Of(IReadOnlyList<UsageEntry> entries)
    {
        var totals = UsageTotals.Of(entries);
        return new UsageAdded(UsageDelta.Of(totals), totals.Totals.Count + totals.Items.Count);
    }
}
