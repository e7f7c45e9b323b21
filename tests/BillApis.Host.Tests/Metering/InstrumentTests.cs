using System.Diagnostics.Metrics;
using BillApis.Metering;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace BillApis.Host.Tests.Metering;

/// <summary>What an application measures with System.Diagnostics.Metrics becomes usage.</summary>
public sealed class InstrumentTests
{
    [Fact]
    public async Task Each_measurement_of_a_selected_instrument_is_an_event()
    {
        using var meter = new Meter("Shop", "1", [KeyValuePair.Create<string, object?>("region", "eu")]);
        var tokens = meter.CreateCounter<long>("tokens");
        await using var server = await MeteredServer.StartAsync(app => app.MapGet("/", () => ""), Configure);
        var sizes = meter.CreateHistogram<decimal>("sizes");
        var other = meter.CreateCounter<long>("other");
        await server.Billing.Metrics.CreateAsync(TenantId.Default, new Metric { Code = "tokens", Name = "Tokens", EventType = "tokens", Aggregation = Aggregation.Sum, Property = "value" }, TestContext.Current.CancellationToken);

        Parallel.For(0, 1_000, i => tokens.Add(i, new("customer_id", "acme"), new("model", "small"), new("stream", true), new("shard", 7)));
        sizes.Record(0.125m, KeyValuePair.Create<string, object?>("owner", "acme"));
        sizes.Record(2m);
        other.Add(1);

        var events = (await server.StopAsync()).Select(item => item.Event).ToList();
        events.Count(item => item.Type is "tokens").ShouldBe(1_000);
        (await server.QuantityAsync("tokens")).ShouldBe(1_000 * 999 / 2);
        events.First(item => item.Type is "tokens").Properties.Items.Where(item => item.Key is not "value").ToDictionary(item => item.Key, item => item.Value).ShouldBe(
            new Dictionary<string, PropertyValue> { ["customer_id"] = "acme", ["model"] = "small", ["stream"] = true, ["shard"] = 7, ["region"] = "eu" }, ignoreOrder: true);
        events.Where(item => item.Type is "sizes").Select(item => (item.Customer, item.Properties["value"].Text)).ShouldBe([("acme", "0.125"), ("unknown", "2")]);
        events.Count.ShouldBe(1_002);
        server.Log.ShouldBeEmpty();
    }

    [Fact]
    public async Task What_cannot_be_billed_by_is_told()
    {
        using var meter = new Meter("Shop");
        await using var server = await MeteredServer.StartAsync(app => app.MapGet("/", () => ""), Configure);
#pragma warning disable RS0030 // What the test is about.
        meter.CreateCounter<double>("tokens").Add(1.5);
#pragma warning restore RS0030
        meter.CreateObservableGauge("sizes", () => 5);
        meter.CreateHistogram<decimal>("sizes");

        server.Log.Length.ShouldBe(2);
        server.Log[0].ShouldContain("'tokens' of the meter 'Shop' cannot be billed by: its numbers are binary floats");
        server.Log[1].ShouldContain("'sizes' of the meter 'Shop' cannot be billed by: it is observed");
        (await server.StopAsync()).ShouldBeEmpty();
    }

    private static void Configure(WebApplicationBuilder builder) =>
        builder.Services.AddBilling(billing => billing.UseInstrument("Shop", "tokens", "tokens").UseInstrument("Shop", "sizes", "sizes", "owner"));
}
