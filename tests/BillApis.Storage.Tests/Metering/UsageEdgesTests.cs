using BillApis.Storage.Sql.Metering;
using NodaTime;

namespace BillApis.Storage.Tests.Metering;

public sealed class UsageEdgesTests
{
    [Theory]
    [InlineData("2026-01-01 00:00:00", "2026-03-01 00:00:00", "M2026-01-01T00 M2026-02-01T00", "")]
    [InlineData("2026-01-30 22:00:00", "2026-03-02 01:00:00", "H2026-01-30T22 H2026-01-30T23 D2026-01-31T00 M2026-02-01T00 D2026-03-01T00 H2026-03-02T00", "")]
    [InlineData("2026-01-01 00:30:00", "2026-01-01 02:15:00", "H2026-01-01T01", "00:30-01:00 02:00-02:15")]
    [InlineData("2026-01-01 00:10:00", "2026-01-01 00:20:00", "", "00:10-00:20")]
    [InlineData("2026-01-01 00:10:00", "2026-01-01 01:00:00", "", "00:10-01:00")]
    [InlineData("2026-01-01 00:50:00", "2026-01-01 01:10:00", "", "00:50-01:00 01:00-01:10")]
    [InlineData("2026-01-01 00:00:00", "2026-01-01 00:00:00", "", "")]
    public void An_interval_is_cut_into_the_longest_whole_buckets(string from, string to, string buckets, string parts)
    {
        var edges = UsageEdges.Of(new Interval(At(from), At(to)));
        string.Join(' ', edges.Buckets.Select(bucket => $"{bucket.Level.ToString()[0]}{bucket.Start.ToString("uuuu-MM-dd'T'HH", null)}")).ShouldBe(buckets);
        string.Join(' ', edges.Parts.Select(part => $"{part.Start.ToString("HH:mm", null)}-{part.End.ToString("HH:mm", null)}")).ShouldBe(parts);
    }

    [Fact]
    public void Buckets_and_parts_cover_every_instant_once()
    {
        var (random, start) = (new Random(3), At("2023-12-01 00:00:00"));
        for (var i = 0; i < 2_000; i++)
        {
            var (one, other) = (start + Duration.FromSeconds(random.Next(10_000) * 900L), start + Duration.FromSeconds(random.Next(10_000) * 900L));
            var interval = new Interval(Instant.Min(one, other), Instant.Max(one, other));
            var edges = UsageEdges.Of(interval);
            var pieces = edges.Buckets.Select(bucket => new Interval(bucket.Start, bucket.Next.Start)).Concat(edges.Parts).OrderBy(piece => piece.Start).ToList();
            pieces.Select(piece => piece.Start).Append(interval.End).ShouldBe(pieces.Select(piece => piece.End).Prepend(interval.Start));
            edges.Buckets.Count(bucket => bucket.Level is UsageLevel.Hour).ShouldBeLessThanOrEqualTo(46);
            edges.Buckets.Count(bucket => bucket.Level is UsageLevel.Day).ShouldBeLessThanOrEqualTo(60);
        }
    }

    private static Instant At(string text) => NodaTime.Text.InstantPattern.CreateWithInvariantCulture("uuuu-MM-dd HH:mm:ss").Parse(text).Value;
}
