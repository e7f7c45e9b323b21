using BillApis.Metering;
using BillApis.Pricing;
using NodaTime;
using NodaTime.Text;

namespace BillApis.Scenarios;

/// <summary>Quotas whose windows open with their use, by numbers made by hand.</summary>
public sealed class OpenedWindowTests(Databases databases) : LifeTests(databases)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Five_hours_begin_with_the_first_use_and_late_use_counts_where_it_happened(string storage)
    {
        await using var life = await StartAsync(storage, "2026-07-01");
        await GrantAsync(life, terms => terms with { Reset = UsageReset.Hour, ResetCount = 5, Opens = WindowOpening.FirstUsage });
        await ShouldStandAsync(life, used: 0, resets: null);
        await life.GoToAsync("2026-07-01T02:10:00");
        await life.UseAsync("acme", "call", 6, "2026-07-01T02:00:00");
        await ShouldStandAsync(life, used: 6, resets: "2026-07-01T07:00:00Z");
        (await life.Billing.Entitlements.CheckAsync(life.Tenant, "acme", "calls", 5, Stop)).Reason.ShouldBe(EntitlementReason.LimitReached);
        await life.GoToAsync("2026-07-01T07:00:00");
        await ShouldStandAsync(life, used: 0, resets: null);
        await life.GoToAsync("2026-07-01T07:30:00");
        await life.UseAsync("acme", "call", 3, "2026-07-01T07:30:00");
        await ShouldStandAsync(life, used: 3, resets: "2026-07-01T12:30:00Z");

        // The first window is from one to six now, and the second begins where it did.
        await life.UseAsync("acme", "call", 1, "2026-07-01T01:00:00");
        await ShouldStandAsync(life, used: 3, resets: "2026-07-01T12:30:00Z");
        (await StateAsync(life, "2026-07-01T03:00:00Z")).ShouldBe((7m, "2026-07-01T06:00:00Z"));

        // No window covers half past six: it begins one.
        await life.UseAsync("acme", "call", 2, "2026-07-01T06:30:00");
        await ShouldStandAsync(life, used: 5, resets: "2026-07-01T11:30:00Z");
        (await ReserveAsync(life, 6)).MayProceed.ShouldBeFalse();
        (await ReserveAsync(life, 5)).MayProceed.ShouldBeTrue();
        await ShouldStandAsync(life, used: 10, resets: "2026-07-01T11:30:00Z");
        await life.GoToAsync("2026-07-01T11:30:00");
        (await ReserveAsync(life, 10)).MayProceed.ShouldBeTrue();
        (await ReserveAsync(life, 1)).MayProceed.ShouldBeFalse();
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Three_days_are_counted_from_the_period_and_end_with_it(string storage)
    {
        await using var life = await StartAsync(storage, "2026-07-01");
        await GrantAsync(life, terms => terms with { Reset = UsageReset.Day, ResetCount = 3, Opens = WindowOpening.UnitStart });
        await life.GoToAsync("2026-07-08T14:00:00");
        await life.UseAsync("acme", "call", 4, "2026-07-08T14:00:00");
        await ShouldStandAsync(life, used: 4, resets: "2026-07-10T00:00:00Z");
        await life.GoToAsync("2026-07-31T09:00:00");
        await life.UseAsync("acme", "call", 1, "2026-07-31T08:00:00");
        await ShouldStandAsync(life, used: 1, resets: "2026-08-01T00:00:00Z");
        await life.GoToAsync("2026-08-01");
        await ShouldStandAsync(life, used: 0, resets: null);
    }

    [Fact]
    public async Task What_cannot_open_a_window_is_refused_by_its_field()
    {
        await using var life = await StartAsync("sqlite", "2026-07-01");
        await life.CustomerAsync();
        var plain = await life.Billing.Features.CreateAsync(life.Tenant, new Feature { Code = "plain", Name = "Plain" }, Stop);
        await ShouldRefuseAsync(life, new Entitlement(plain.Id, EntitlementType.Metered) { Reset = UsageReset.Hour, Opens = WindowOpening.FirstUsage }, "opens");
        await ShouldRefuseAsync(life, new Entitlement(plain.Id, EntitlementType.Metered) { Opens = WindowOpening.UnitStart }, "opens");
        await ShouldRefuseAsync(life, new Entitlement(plain.Id, EntitlementType.Metered) { Reset = UsageReset.Day, ResetCount = 2 }, "reset_count");
        await ShouldRefuseAsync(life, new Entitlement(plain.Id, EntitlementType.Metered) { Reset = UsageReset.Day, Opens = WindowOpening.UnitStart, ResetCount = 0 }, "reset_count");
        await ShouldRefuseAsync(life, new Entitlement(plain.Id, EntitlementType.Boolean) { Reset = UsageReset.Day, Opens = WindowOpening.UnitStart }, "reset");
    }

    private static async Task ShouldRefuseAsync(Scenario life, Entitlement terms, string field) =>
        (await Should.ThrowAsync<BillingException>(() => life.Billing.Entitlements.GrantAsync(life.Tenant, new NewEntitlement("acme", terms), Stop))).Message.ShouldContain($"'{field}'");

    private static async Task GrantAsync(Scenario life, Func<Entitlement, Entitlement> with)
    {
        await life.CustomerAsync();
        var metric = new Metric { Code = "calls", Name = "Calls", EventType = "call", Aggregation = Aggregation.Sum, Property = "value" };
        var made = await life.Billing.Metrics.CreateAsync(life.Tenant, metric, Stop);
        var feature = await life.Billing.Features.CreateAsync(life.Tenant, new Feature { Code = "calls", Name = "Calls", Metric = made.Id }, Stop);
        await life.Billing.Entitlements.GrantAsync(life.Tenant, new NewEntitlement("acme", with(new Entitlement(feature.Id, EntitlementType.Metered) { Limit = 10 })), Stop);
    }

    private static async Task ShouldStandAsync(Scenario life, decimal used, string? resets)
    {
        var check = await life.Billing.Entitlements.CheckAsync(life.Tenant, "acme", "calls", 0, Stop);
        (check.Used, Text(check.ResetsAt)).ShouldBe((used, resets));
        (await StateAsync(life, null)).ShouldBe((used, resets));
    }

    private static async Task<(decimal? Used, string? ResetsAt)> StateAsync(Scenario life, string? at)
    {
        var states = await life.Billing.Entitlements.ListAsync(life.Tenant, "acme", at is null ? null : InstantPattern.ExtendedIso.Parse(at).Value, Stop);
        return (states.Single().Used, Text(states.Single().ResetsAt));
    }

    private static Task<ReserveResult> ReserveAsync(Scenario life, decimal quantity) =>
        life.Billing.Reservations.ReserveAsync(life.Tenant, new NewReservation("acme") { Feature = "calls", Quantity = quantity, Lifetime = Duration.FromHours(1) }, Stop);

    private static string? Text(Instant? at) => at is { } known ? InstantPattern.ExtendedIso.Format(known) : null;
}
