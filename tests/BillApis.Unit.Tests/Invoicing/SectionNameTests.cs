using BillApis.Invoicing;
using BillApis.Pricing;
using NodaTime;
using static BillApis.Unit.Tests.Invoicing.Catalog;

namespace BillApis.Unit.Tests.Invoicing;

public sealed class SectionNameTests
{
    private static readonly PlanVersion Fee = Plan(Item("fee", new FlatPrice(10), BillingTiming.InAdvance, Month));

    [Fact]
    public async Task A_section_is_named_by_its_plan_and_by_the_id_of_one_that_is_not_there()
    {
        var known = new Plan { Code = "known", Name = "Known plan", Currency = Usd, Versions = [Fee] };
        var (customer, unknown) = (EntityId.New<CustomerId>(), EntityId.New<PlanId>());
        BoundaryDraft[] drafts = [Draft(customer, known.Id), Draft(customer, unknown)];
        var joined = await new CommonBoundaries(null!, new Plans(known), null!).JoinedAsync(TenantId.Default, drafts, TestContext.Current.CancellationToken);
        joined.Single().Invoice.Sections.Select(section => section.Description).ShouldBe(["Known plan", unknown.ToString()], ignoreOrder: true);
    }

    private static BoundaryDraft Draft(CustomerId customer, PlanId plan)
    {
        var at = At(2026, 1, 1);
        var subscription = new Subscription { Id = EntityId.New<SubscriptionId>(), Tenant = TenantId.Default, Customer = customer, Plan = plan, PlanVersion = 1, Currency = Usd, Timeline = From(at), CreatedAt = at, IsConsolidated = true };
        return new BoundaryDraft(Bill(Fee, subscription.Timeline, at) with { Subscription = subscription.Id, Customer = customer }, new DueCharges(subscription, Fee, ChargeSchedule.Of(subscription.Timeline, Fee), at, []));
    }

    private sealed class Plans(params Plan[] known) : IStore<Plan>
    {
        public Task<IReadOnlyList<Plan>> FindManyAsync(TenantId tenant, IReadOnlyCollection<string> ids, CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<Plan>>(known);

        public Task<Plan?> FindAsync(TenantId tenant, string reference, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<Page<Plan>> ListAsync(TenantId tenant, StoreQuery query, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<SaveResult> SaveAsync(TenantId tenant, IReadOnlyList<Plan> items, IReadOnlyList<BillingEvent> events, CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}
