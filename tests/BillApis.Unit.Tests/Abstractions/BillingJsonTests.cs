using System.Text.Json;
using NodaTime;

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
