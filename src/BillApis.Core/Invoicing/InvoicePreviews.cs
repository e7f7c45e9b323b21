using System.Collections.Immutable;
using BillApis.Invoicing;
using BillApis.Metering;
using BillApis.Pricing;
using NodaTime;

namespace BillApis;

/// <summary>Invoices that nothing is stored of: what would be issued, from the same function that issues.</summary>
public sealed class InvoicePreviews
{
    private static readonly Duration Ahead = Duration.FromDays(366);
    private readonly SubscriptionInvoices _invoices;
    private readonly CommonBoundaries _common;
    private readonly DraftReview _review;
    private readonly Supplements _supplements;
    private readonly Settlements _settlements;
    private readonly Subscriptions _subscriptions;
    private readonly Plans _plans;
    private readonly ChargedUsageReader _usage;
    private readonly Customers _customers;
    private readonly Coupons _coupons;
    private readonly IClock _clock;

    internal InvoicePreviews(
        SubscriptionInvoices invoices, CommonBoundaries common, DraftReview review, Supplements supplements, Settlements settlements, Subscriptions subscriptions, Plans plans, ChargedUsageReader usage,
        Customers customers, Coupons coupons, IClock clock) =>
        (_invoices, _common, _review, _supplements, _settlements, _subscriptions, _plans, _usage, _customers, _coupons, _clock) =
        (invoices, common, review, supplements, settlements, subscriptions, plans, usage, customers, coupons, clock);

    /// <summary>
    /// The invoice of the next boundary at which a subscription is charged, with the usage so far, what was used late, coupons, credits and taxes; null where nothing will be billed any more,
    /// or where the tenant skips invoices over nothing and nothing but those follows for a year.
    /// </summary>
    /// <exception cref="BillingException">There is no such subscription.</exception>
    public async Task<Invoice?> UpcomingAsync(TenantId tenant, string subscription, CancellationToken cancellationToken = default)
    {
        var found = await _subscriptions.GetAsync(tenant, subscription, cancellationToken).ConfigureAwait(false);
        var due = await _invoices.CorrectAsync(tenant, await _invoices.DueAsync([found], [], cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
        var (last, passed) = (default(Instant?), new List<Invoice>());
        while (due is [var next] && !(next.Boundary > last))
        {
            var request = (await _invoices.RequestsAsync(tenant, due, passed, cancellationToken).ConfigureAwait(false)).Single();
            var calculated = InvoiceCalculator.Calculate(request);
            var invoice = (await _review.MergedAsync(new BoundaryDraft(calculated.Lines.IsEmpty ? calculated : await _common.JoinedAsync(calculated, next, cancellationToken).ConfigureAwait(false), next), [], cancellationToken).ConfigureAwait(false)).Invoice;
            if (!invoice.Lines.IsEmpty)
            {
                return await _settlements.SettledAsync(invoice, cancellationToken).ConfigureAwait(false);
            }

            // As the start of a plan that charges in arrears: the run passes it without an invoice. What comes to nothing may do so for ever.
            last ??= next.Charges.Count > 0 ? next.Boundary + Ahead : null;
            passed.Add(next.Numbered(calculated));
            due = await _invoices.DueAsync([found = next.Billed(new BillingOptions(), null)], passed, cancellationToken).ConfigureAwait(false);
        }

        return found.NextBillingAt is null && await _supplements.DraftAsync(found, cancellationToken).ConfigureAwait(false) is { } supplement
            ? await _settlements.SettledAsync(supplement, cancellationToken).ConfigureAwait(false)
            : null;
    }

    /// <summary>The invoice of a plan for a period and events that need not exist: every price once, the period counted as a whole one, coupons, and the customer's credits and taxes.</summary>
    /// <exception cref="BillingException">There is no such plan, customer or coupon, a price has no amounts in the currency, a coupon cannot be redeemed, or an event or quantity is refused.</exception>
    public async Task<Invoice> SimulateAsync(TenantId tenant, Simulation request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        var plan = await _plans.GetAsync(tenant, request.Plan, cancellationToken).ConfigureAwait(false);
        var customer = request.Customer is { } reference ? await _customers.GetAsync(tenant, reference, cancellationToken).ConfigureAwait(false) : null;
        if (customer is not null && !plan.Latest.Has(customer.Currency))
        {
            throw BillingException.Field("customer_id", $"must match: not everything that the plan '{plan.Code}' charges has amounts in {customer.Currency}");
        }

        var (currency, id, period) = (customer?.Currency ?? plan.Currency, customer?.Id ?? default, request.Period);
        var charges = ImmutableArray.CreateBuilder<ChargedUsage>();
        foreach (var charge in Charge.Whole(plan.Latest.In(currency), period))
        {
            charges.Add(new ChargedUsage(charge, await CountAsync(tenant, charge, request.Events, id, cancellationToken).ConfigureAwait(false)));
        }

        var draft = Simulated(new InvoiceRequest
        {
            Tenant = tenant, Customer = id, Currency = currency, Boundary = period.End, Charges = charges.ToImmutable(), Commitments = CommitmentOf(plan.Latest, period), Coupons = await CouponsAsync(tenant, plan, currency, request, cancellationToken).ConfigureAwait(false),
        });
        return customer is null ? await _settlements.TaxedAsync(draft, cancellationToken).ConfigureAwait(false) : await _settlements.SettledAsync(draft, cancellationToken).ConfigureAwait(false);
    }

    private static Invoice Simulated(InvoiceRequest request)
    {
        try
        {
            return InvoiceCalculator.Calculate(request);
        }
        catch (BillingException refusal) when (refusal.InnerException is OverflowException overflow)
        {
            throw BillingException.Field("simulated_events", $"come to more than can be billed exactly: {overflow.Message}");
        }
    }

    // As a subscription would redeem them, one after the other.
    private async Task<ImmutableArray<Redemption>> CouponsAsync(TenantId tenant, Plan plan, Currency currency, Simulation request, CancellationToken cancellationToken)
    {
        var redeemed = ImmutableArray.CreateBuilder<Redemption>();
        foreach (var (reference, place) in request.Coupons.Select((reference, place) => (reference, place)))
        {
            var coupon = await _coupons.GetAsync(tenant, reference, cancellationToken).ConfigureAwait(false);
            coupon.Redeem(currency, _clock.GetCurrentInstant());
            redeemed.Add(coupon.Terms.Plans.IsEmpty || coupon.Terms.Plans.Contains(plan.Id)
                ? new Redemption(coupon.Id, coupon.Name ?? coupon.Code, coupon.Terms, request.Period.Start + Duration.FromNanoseconds(place))
                : throw new BillingException(BillingErrorCode.Conflict, $"The coupon '{coupon.Code}' is not for the plan '{plan.Code}'."));
        }

        return redeemed.ToImmutable();
    }

    // As every price, the commitment once for the whole period.
    private static ImmutableArray<CommittedPeriod> CommitmentOf(PlanVersion plan, Interval period) => plan.Commitment is { } commitment
        ? [new CommitmentPeriod(commitment.Amount, period, ProrationFactor.Whole).After([])]
        : [];

    private async Task<RatingInput> CountAsync(TenantId tenant, Charge charge, IReadOnlyList<UsageEvent> events, CustomerId customer, CancellationToken cancellationToken) =>
        charge.Price.Metric is null
            ? default
            : ChargedUsageReader.Simulate(charge, await _usage.RequestAsync(tenant, charge, customer, subscription: null, cancellationToken).ConfigureAwait(false), events);
}
