using System.Collections.Immutable;
using BillApis.Invoicing;
using BillApis.Metering;
using BillApis.Pricing;
using NodaTime;

namespace BillApis;

/// <summary>Invoices that nothing is stored of: what would be issued, from the same function that issues.</summary>
public sealed class InvoicePreviews
{
    private readonly SubscriptionInvoices _invoices;
    private readonly CommonBoundaries _common;
    private readonly DraftReview _review;
    private readonly Supplements _supplements;
    private readonly Settlements _settlements;
    private readonly Subscriptions _subscriptions;
    private readonly Plans _plans;
    private readonly ChargedUsageReader _usage;

    internal InvoicePreviews(SubscriptionInvoices invoices, CommonBoundaries common, DraftReview review, Supplements supplements, Settlements settlements, Subscriptions subscriptions, Plans plans, ChargedUsageReader usage) =>
        (_invoices, _common, _review, _supplements, _settlements, _subscriptions, _plans, _usage) = (invoices, common, review, supplements, settlements, subscriptions, plans, usage);

    /// <summary>The invoice of the next boundary at which a subscription is charged, with the usage so far, what was used late, coupons, credits and taxes; null where nothing will be billed any more.</summary>
    /// <exception cref="BillingException">There is no such subscription.</exception>
    public async Task<Invoice?> UpcomingAsync(TenantId tenant, string subscription, CancellationToken cancellationToken = default)
    {
        var found = await _subscriptions.GetAsync(tenant, subscription, cancellationToken).ConfigureAwait(false);
        var due = await _invoices.CorrectAsync(tenant, await _invoices.DueAsync([found], [], cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
        while (due is [var next])
        {
            var calculated = InvoiceCalculator.Calculate((await _invoices.RequestsAsync(tenant, due, [], cancellationToken).ConfigureAwait(false)).Single());
            var invoice = await _review.MergedAsync(calculated.Lines.IsEmpty ? calculated : await _common.JoinedAsync(calculated, next, cancellationToken).ConfigureAwait(false), found, cancellationToken).ConfigureAwait(false);
            if (!invoice.Lines.IsEmpty)
            {
                return await SettledAsync(invoice, cancellationToken).ConfigureAwait(false);
            }

            // As the start of a plan that charges in arrears: the run passes it without an invoice.
            due = await _invoices.DueAsync([found = found.Billed(next.Boundary, next.Plans, new BillingOptions())], [], cancellationToken).ConfigureAwait(false);
        }

        return found.NextBillingAt is null && await _supplements.DraftAsync(found, cancellationToken).ConfigureAwait(false) is { } supplement
            ? await SettledAsync(supplement, cancellationToken).ConfigureAwait(false)
            : null;
    }

    /// <summary>The invoice of a plan for a period and events that need not exist: every price once, the period counted as a whole one, and the customer's taxes.</summary>
    /// <param name="tenant">Whose plan it is.</param>
    /// <param name="plan">The plan's id or code; its newest version is taken, published or not.</param>
    /// <param name="period">The half-open period.</param>
    /// <param name="events">What happened in it; all are counted for one customer.</param>
    /// <param name="customer">The customer on the preview.</param>
    /// <param name="currency">One that every price has amounts in; the plan's own where null.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="BillingException">There is no such plan, a price has no amounts in the currency, or an event or quantity is refused.</exception>
    public async Task<Invoice> SimulateAsync(
        TenantId tenant, string plan, Interval period, IReadOnlyList<UsageEvent> events, CustomerId customer = default, Currency? currency = null, CancellationToken cancellationToken = default)
    {
        var found = await _plans.GetAsync(tenant, plan, cancellationToken).ConfigureAwait(false);
        var charges = ImmutableArray.CreateBuilder<ChargedUsage>();
        foreach (var charge in Charge.Whole(found.Latest.In(currency ?? found.Currency), period))
        {
            charges.Add(new ChargedUsage(charge, await CountAsync(tenant, charge, events, customer, cancellationToken).ConfigureAwait(false)));
        }

        var draft = InvoiceCalculator.Calculate(new InvoiceRequest { Tenant = tenant, Customer = customer, Currency = currency ?? found.Currency, Boundary = period.End, Charges = charges.ToImmutable(), Commitments = CommitmentOf(found.Latest, period) });
        return await _settlements.TaxedAsync(draft, cancellationToken).ConfigureAwait(false);
    }

    // As every price, the commitment once for the whole period.
    private static ImmutableArray<CommittedPeriod> CommitmentOf(PlanVersion plan, Interval period) => plan.Commitment is { } commitment
        ? [new CommitmentPeriod(commitment.Amount, period, ProrationFactor.Whole).After([])]
        : [];

    private async Task<Invoice> SettledAsync(Invoice draft, CancellationToken cancellationToken)
    {
        var settled = (await _settlements.SettleAsync(draft.Tenant, [draft], _settlements.NewBook(), cancellationToken).ConfigureAwait(false)).Single();
        return settled.Failure is null ? settled.Invoice : throw settled.Failure;
    }

    private async Task<RatingInput> CountAsync(TenantId tenant, Charge charge, IReadOnlyList<UsageEvent> events, CustomerId customer, CancellationToken cancellationToken) =>
        charge.Price.Metric is null
            ? default
            : ChargedUsageReader.Simulate(charge, await _usage.RequestAsync(tenant, charge, customer, subscription: null, cancellationToken).ConfigureAwait(false), events);
}
