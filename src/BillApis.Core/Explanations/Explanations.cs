using System.Collections.Immutable;
using BillApis.Invoicing;
using BillApis.Metering;
using BillApis.Pricing;

namespace BillApis;

/// <summary>Traces bills back to prices, tiers, quantities and usage.</summary>
public sealed class Explanations
{
    private readonly Invoices _invoices;
    private readonly CreditMemos _memos;
    private readonly InvoicePreviews _previews;
    private readonly BilledPrices _prices;
    private readonly UsageOrigins _usage;
    private readonly EarlierOrigins _earlier;
    private readonly AdjustedOrigins _adjusted;

    internal Explanations(Invoices invoices, CreditMemos memos, InvoicePreviews previews, BilledPrices prices, UsageOrigins usage, EarlierOrigins earlier, AdjustedOrigins adjusted) =>
        (_invoices, _memos, _previews, _prices, _usage, _earlier, _adjusted) = (invoices, memos, previews, prices, usage, earlier, adjusted);

    /// <summary>Explains a draft or an issued invoice, by id or number.</summary>
    /// <exception cref="BillingException">There is none such.</exception>
    public async Task<InvoiceExplanation> InvoiceAsync(TenantId tenant, string reference, ExplainQuery? query = null, CancellationToken cancellationToken = default) =>
        await OfAsync(await _invoices.GetAsync(tenant, reference, cancellationToken).ConfigureAwait(false), query ?? new ExplainQuery(), cancellationToken).ConfigureAwait(false);

    /// <summary>Explains the next invoice of a subscription as it would be now; null where nothing will be billed any more.</summary>
    /// <exception cref="BillingException">There is no such subscription.</exception>
    public async Task<InvoiceExplanation?> UpcomingAsync(TenantId tenant, string subscription, ExplainQuery? query = null, CancellationToken cancellationToken = default) =>
        await _previews.UpcomingAsync(tenant, subscription, cancellationToken).ConfigureAwait(false) is { } invoice ? await OfAsync(invoice, query ?? new ExplainQuery(), cancellationToken).ConfigureAwait(false) : null;

    /// <summary>Explains a credit memo by the invoice that it takes back a part of.</summary>
    /// <exception cref="BillingException">There is none such.</exception>
    public async Task<CreditMemoExplanation> CreditMemoAsync(TenantId tenant, string reference, ExplainQuery? query = null, CancellationToken cancellationToken = default)
    {
        var memo = await _memos.GetAsync(tenant, reference, cancellationToken).ConfigureAwait(false);
        var billed = await InvoiceAsync(tenant, memo.Invoice.ToString(), query, cancellationToken).ConfigureAwait(false);
        var lines = billed.Lines.ToDictionary(line => line.Line.Id);
        return new CreditMemoExplanation(
            memo, billed.Invoice, [.. memo.Lines.Select(line => new CreditMemoLineExplanation(line, lines[line.Line], InvoiceSteps.Of(line, lines[line.Line].Line)))], InvoiceSteps.Of(memo));
    }

    private async Task<InvoiceExplanation> OfAsync(Invoice invoice, ExplainQuery query, CancellationToken cancellationToken)
    {
        Check.Range("limit", query.Limit, 1, Limits.PageSize);
        var (prices, origin) = (await _prices.OfAsync(invoice, cancellationToken).ConfigureAwait(false), await _invoices.OriginAsync(invoice, cancellationToken).ConfigureAwait(false));
        var adjusted = await _adjusted.OfAsync(origin, prices.Subscriptions, cancellationToken).ConfigureAwait(false);
        var lines = ImmutableArray.CreateBuilder<LineExplanation>(invoice.Lines.Length);
        foreach (var line in invoice.Lines)
        {
            lines.Add(await OfAsync(invoice, origin, line, prices, adjusted, query, cancellationToken).ConfigureAwait(false));
        }

        return new InvoiceExplanation(invoice, lines.MoveToImmutable(), InvoiceSteps.Of(invoice, [.. prices.Subscriptions.SelectMany(item => item.CouponsOf(origin.PartOf(item.Id)))]));
    }

    // What stands in the place of a withdrawn invoice follows from what was known as that was made.
    private async Task<LineExplanation> OfAsync(Invoice invoice, Invoice origin, InvoiceLine line, BilledPriceList prices, IReadOnlyDictionary<SubscriptionId, AdjustedCharges> adjusted, ExplainQuery query, CancellationToken cancellationToken)
    {
        var subscription = prices.SubscriptionOf(line, invoice);
        if (line.Kind is LineKind.Commitment && subscription is not null)
        {
            var (steps, agrees) = await _earlier.MissingAsync(origin, line, subscription, cancellationToken).ConfigureAwait(false);
            return new LineExplanation(line, null, InvoiceSteps.Of(line, steps), null, agrees);
        }

        if (prices.Find(line, origin) is not { } price)
        {
            return new LineExplanation(line, null, InvoiceSteps.Of(line, null, null, invoice), null, line.Price is null);
        }

        var terms = price.Terms.In(invoice.Currency);
        if (line.Kind is LineKind.UnusedTime && subscription is not null)
        {
            var (steps, agrees) = await _earlier.UnusedAsync(origin, line, prices, subscription, cancellationToken).ConfigureAwait(false);
            return new LineExplanation(line, price, InvoiceSteps.Of(line, steps), null, agrees);
        }

        if (line.Kind is LineKind.Discount && subscription is not null)
        {
            var (steps, agrees) = await _earlier.MovedAsync(origin, line, subscription, cancellationToken).ConfigureAwait(false);
            return new LineExplanation(line, price, InvoiceSteps.Of(line, steps), null, agrees);
        }

        if (line.Kind is LineKind.Minimum or LineKind.Maximum or LineKind.UnusedTime)
        {
            return new LineExplanation(line, price, InvoiceSteps.Of(line, terms, null, invoice), null, true);
        }

        if (line.Metric is null || line.Period is null)
        {
            var rated = Rating.Rate(terms, new RatingInput(line.Quantity));
            return new LineExplanation(line, price, InvoiceSteps.Of(line, terms, rated, invoice), null, PeriodParts.Part(rated.Amount, line.Factor, line.Before, invoice.Currency) == line.Amount);
        }

        var (used, input) = await _usage.OfAsync(origin, line, price, subscription, query, cancellationToken).ConfigureAwait(false);
        return line.Kind is LineKind.Adjustment && subscription is not null && adjusted.TryGetValue(subscription.Id, out var charges) ? Adjusted(line, price, charges, used, input) : Metered(invoice, line, price, terms, used, input);
    }

    // The whole charge is rated again, its minimum and maximum included, as far as the schedule asks them of it.
    private static LineExplanation Adjusted(InvoiceLine line, Price price, AdjustedCharges adjusted, UsageOrigin used, RatingInput input)
    {
        var again = adjusted.Of(line, price, input, used.Quantity);
        var by = again.Charge.Price.Terms.In(line.Amount.Currency);
        Rated? rated = by.GroupBy.IsEmpty || !line.Group.IsEmpty ? Rate(by, input, line) : null;
        return new LineExplanation(line, price, InvoiceSteps.Of(line, InvoiceSteps.Adjustment(line, rated, again)), used, again.Agrees(line));
    }

    private static LineExplanation Metered(Invoice invoice, InvoiceLine line, Price price, PriceTerms terms, UsageOrigin used, RatingInput input)
    {
        // The quantity of the line is what was billed, whatever the usage comes to by now.
        var billed = UsageOrigins.NeedsMore(terms) ? Rate(terms, input, line) : Rating.Rate(terms with { GroupBy = [] }, new RatingInput(line.Quantity));
        var agrees = Money.Round(billed.Amount, invoice.Currency) == line.Amount && (UsageOrigins.NeedsMore(terms) || billed.Input.Quantity == used.Quantity);
        return new LineExplanation(line, price, InvoiceSteps.Of(line, terms, billed, invoice), used, agrees);
    }

    private static Rated Rate(PriceTerms terms, RatingInput input, InvoiceLine line) => terms.GroupBy.IsEmpty || input.Events.IsEmpty
        ? Rating.Rate(terms, input)
        : Rating.Groups(terms, input).Where(group => terms.GroupBy.Zip(group.Values).All(pair => line.Group.GetValueOrDefault(pair.First) == pair.Second)).Select(group => group.Rated)
            .DefaultIfEmpty(Rating.Rate(terms with { GroupBy = [] }, new RatingInput(0))).First();
}
