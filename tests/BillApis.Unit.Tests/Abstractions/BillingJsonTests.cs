using System.Globalization;
using System.Text.Json;
using NodaTime;
using NodaTime.Text;

namespace BillApis.Unit.Tests.Abstractions;

public sealed class BillingJsonTests
{
    [Theory]
    [InlineData("0.1", "0.1")]
    [InlineData("\"0.10\"", "0.1")]
    [InlineData("1e-12", "0.000000000001")]
    [InlineData("123456789012345.123456789012", "123456789012345.123456789012")]
    public void Decimals_come_from_numbers_and_texts_and_keep_every_digit(string json, string expected) =>
        JsonSerializer.Serialize(JsonSerializer.Deserialize<decimal>(json, BillingJson.Options), BillingJson.Options).ShouldBe(expected);

    [Theory]
    [InlineData("0.00000000000000000000000000000000001")]
    [InlineData("true")]
    [InlineData("\"twelve\"")]
    [InlineData("1111111111111111111111111111111111111111111111111111111111111111111111111")]
    public void A_number_that_cannot_be_kept_is_refused(string json) => Should.Throw<JsonException>(() => JsonSerializer.Deserialize<decimal>(json, BillingJson.Options));

    [Theory]
    [InlineData("\"2026-02-01T00:00:00Z\"", "\"2026-02-01T00:00:00Z\"")]
    [InlineData("\"2026-02-01T01:30:00+05:30\"", "\"2026-01-31T20:00:00Z\"")]
    [InlineData("\"2026-02-01T00:00:00.1234567Z\"", "\"2026-02-01T00:00:00.123456Z\"")]
    public void Instants_are_utc_and_of_microseconds(string json, string expected) =>
        JsonSerializer.Serialize(JsonSerializer.Deserialize<Instant>(json, BillingJson.Options), BillingJson.Options).ShouldBe(expected);

    // Against NodaTime's own pattern, over all years that it knows.
    [Fact]
    public void Instants_are_spelled_as_iso_8601_spells_them()
    {
        var random = new Random(8601);
        var edges = new[] { Instant.MinValue, Instant.MaxValue, Instant.FromUtc(1, 1, 1, 0, 0), Instant.FromUtc(9999, 12, 31, 23, 59, 59), Instant.FromUtc(2024, 2, 29, 23, 59, 59) };
        var any = Enumerable.Range(0, 5_000).Select(i => Instant.FromUnixTimeSeconds(random.NextInt64(i % 2 == 0 ? 4_000_000_000 : 250_000_000_000)).PlusNanoseconds(i % 3 == 0 ? random.Next(1_000_000_000) : i % 7 * 1_000));
        foreach (var instant in edges.Concat(edges.Skip(2).SelectMany(edge => new[] { edge.PlusNanoseconds(-1), edge.PlusNanoseconds(1) })).Concat(any))
        {
            var text = InstantPattern.ExtendedIso.Format(instant);
            JsonSerializer.Serialize(instant, BillingJson.Options).ShouldBe($"\"{text}\"");
            if (OffsetDateTimePattern.Rfc3339.Parse(text) is { Success: true, Value: var read })
            {
                JsonSerializer.Deserialize<Instant>($"\"{text}\"", BillingJson.Options).ShouldBe(Instant.FromUnixTimeTicks(read.ToInstant().ToUnixTimeTicks() / 10 * 10));
            }
        }
    }

    [Theory]
    [InlineData("2026-02-29T00:00:00Z")]
    [InlineData("2026-13-01T00:00:00Z")]
    [InlineData("2026-00-01T00:00:00Z")]
    [InlineData("2026-01-01T25:00:00Z")]
    [InlineData("2026-01-01T00:60:00Z")]
    [InlineData("2026-01-01T00:00:60Z")]
    [InlineData("2026-01-0xT00:00:00Z")]
    [InlineData("2026-01-01 00:00:00Z")]
    [InlineData("2026-01-01T00:00:00z")]
    public void What_is_no_instant_is_refused(string text) => Should.Throw<JsonException>(() => JsonSerializer.Deserialize<Instant>($"\"{text}\"", BillingJson.Options));

    // Against the text that decimal itself has, with the zeros at its end cut off by hand.
    [Fact]
    public void Decimals_have_no_zeros_at_their_end()
    {
        var random = new Random(28);
        foreach (var value in new[] { 0m, 0.000m, new decimal(0, 0, 0, true, 0), new decimal(0, 0, 0, true, 3), decimal.MaxValue, decimal.MinValue, 100m, 100.00m, -7.50m }
            .Concat(Enumerable.Range(0, 3_000).Select(i => new decimal(random.Next() / 100 * 100, i % 3 == 0 ? random.Next() : 0, i % 5 == 0 ? random.Next() : 0, i % 2 == 0, (byte)random.Next(29)))))
        {
            var text = value.ToString(CultureInfo.InvariantCulture);
            text = text.Contains('.', StringComparison.Ordinal) ? text.TrimEnd('0').TrimEnd('.') : text;
            JsonSerializer.Serialize(value, BillingJson.Options).ShouldBe(text is "-0" ? "0" : text);
            Exact.Format(value).ShouldBe(text is "-0" ? "0" : text);
        }
    }

    [Fact]
    public void Money_zones_currencies_ids_and_periods_round_trip()
    {
        RoundTrips(Money.Of(-12.34m, Currency.Parse("USD")), """{"minor":-1234,"currency":"USD"}""");
        RoundTrips(Currency.Parse("KWD"), "\"KWD\"");
        RoundTrips(DateTimeZoneProviders.Tzdb["Asia/Kolkata"], "\"Asia/Kolkata\"");
        RoundTrips(new Interval(Instant.FromUtc(2026, 1, 1, 0, 0), Instant.FromUtc(2026, 2, 1, 0, 0)), """{"start":"2026-01-01T00:00:00Z","end":"2026-02-01T00:00:00Z"}""");
        RoundTrips(new TenantId(new Guid("00000000-0000-0000-0000-00000000001f")), "\"ten_0000000000000000000000000z\"");
        Should.Throw<JsonException>(() => JsonSerializer.Deserialize<DateTimeZone>("\"Mars/Olympus\"", BillingJson.Options));
    }

    private static void RoundTrips<T>(T value, string json)
    {
        JsonSerializer.Serialize(value, BillingJson.Options).ShouldBe(json);
        JsonSerializer.Deserialize<T>(json, BillingJson.Options).ShouldBe(value);
    }
}
