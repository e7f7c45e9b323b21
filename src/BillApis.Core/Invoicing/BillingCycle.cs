using BillApis.Invoicing;
using BillApis.Outbox;
using BillApis.Pricing;
using Microsoft.Extensions.Options;
using NodaTime;

namespace BillApis;

/// <summary>
/// Bills the next boundary of leased subscriptions. Every step may be the last before a crash: the invoice's id follows from the boundary,
/// so that repeating the steps makes nothing twice.
/// </summary>
internal sealed class BillingCycle(
    SubscriptionInvoices drafts, Recharges recharges, ISubscriptionStore subscriptions, IInvoiceStore invoices, IStore<Customer> customers, Plans plans, OutboxDispatcher outbox, IOptions<BillingOptions> options, IClock clock)
{
    private const int MaxAttempts = 8;

    /// <summary>Bills one boundary of each; all of one tenant.</summary>
    public async Task<CycleResult> BillAsync(TenantId tenant, IReadOnlyList<Subscription> leased, CancellationToken cancellationToken)
    {
        var result = new CycleResult();
        var due = await drafts.DueAsync(leased, cancellationToken).ConfigureAwait(false);
        await drafts.CloseAsync(tenant, due, cancellationToken).ConfigureAwait(false);
        due = await drafts.CorrectAsync(tenant, due, cancellationToken).ConfigureAwait(false);
        var drafted = (await drafts.RequestsAsync(tenant, due, cancellationToken).ConfigureAwait(false))
            .Zip(due, (request, item) => (item, invoice: Draft(request, item, result))).ToList();
        var issued = await IssueAsync([.. drafted.Select(pair => pair.invoice).OfType<Invoice>().Where(invoice => !invoice.Lines.IsEmpty)], cancellationToken).ConfigureAwait(false);
        var overtaken = await StoreAsync(tenant, issued, result, cancellationToken).ConfigureAwait(false);
        var billed = drafted.Where(pair => pair.invoice is not null && !overtaken.Contains(pair.item.Subscription.Id)).ToList();
        await AdvanceAsync(tenant, [.. billed.Select(pair => pair.item)], cancellationToken).ConfigureAwait(false);
        await SettleAsync(tenant, billed!, result, cancellationToken).ConfigureAwait(false);
        if (overtaken.Count > 0)
        {
            result.Add(await BillAsync(tenant, [.. leased.Where(subscription => overtaken.Contains(subscription.Id))], cancellationToken).ConfigureAwait(false));
        }

        await outbox.DispatchAsync(tenant, cancellationToken).ConfigureAwait(false);
        return result;
    }

    // One subscription that cannot be rated must not hold up the others: it is named in the run and stays due.
    private static Invoice? Draft(InvoiceRequest request, DueCharges item, CycleResult result)
    {
        try
        {
            return InvoiceCalculator.Calculate(request);
        }
        catch (Exception exception) when (exception is BillingException or OverflowException)
        {
            result.Failures.Add(new RunFailure(item.Subscription.Id, item.Boundary, exception.Message));
            return null;
        }
    }

    private async Task<IReadOnlyList<Invoice>> IssueAsync(IReadOnlyList<Invoice> drafted, CancellationToken cancellationToken)
    {
        var now = clock.GetCurrentInstant();
        var terms = new Dictionary<CustomerId, int>();
        foreach (var customer in drafted.Select(invoice => (invoice.Tenant, invoice.Customer)).Distinct())
        {
            terms[customer.Customer] = (await customers.FindAsync(customer.Tenant, customer.Customer.ToString(), cancellationToken).ConfigureAwait(false))!.PaymentTermsDays;
        }

        return [.. drafted.Select(invoice => invoice.Issue(now, terms[invoice.Customer]))];
    }

    // All in one transaction; where another run was faster with some, each on its own. Answers whose earlier bills were corrected meanwhile: those are drafted anew.
    private async Task<HashSet<SubscriptionId>> StoreAsync(TenantId tenant, IReadOnlyList<Invoice> issued, CycleResult result, CancellationToken cancellationToken)
    {
        var overtaken = new HashSet<SubscriptionId>();
        if (issued.Count > 0 && !await SaveAsync(tenant, issued, result, cancellationToken).ConfigureAwait(false))
        {
            foreach (var invoice in issued)
            {
                if (!await SaveAsync(tenant, [invoice], result, cancellationToken).ConfigureAwait(false)
                    && invoice.Correction is not null && await invoices.FindAsync(tenant, invoice.Id.ToString(), cancellationToken).ConfigureAwait(false) is null)
                {
                    overtaken.Add(invoice.Subscription!.Value);
                }
            }
        }

        return overtaken;
    }

    // An invoice that another run stored says nothing about this correction: its marks stay.
    private async Task SettleAsync(TenantId tenant, IReadOnlyList<(DueCharges Item, Invoice Invoice)> billed, CycleResult result, CancellationToken cancellationToken)
    {
        foreach (var (item, invoice) in billed.Where(pair => pair.Item.Correction is not null))
        {
            if (invoice.Correction is null || result.Invoices.Contains(invoice.Id))
            {
                await recharges.SettleAsync(tenant, item.Subscription.Id, item.Correction!, invoice.Correction is not null, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async Task<bool> SaveAsync(TenantId tenant, IReadOnlyList<Invoice> issued, CycleResult result, CancellationToken cancellationToken)
    {
        var events = issued.SelectMany(invoice => InvoicePosting.Issued(invoice, invoice.IssuedAt!.Value)).ToList();
        var saved = await invoices.SaveAsync(tenant, issued, events, cancellationToken).ConfigureAwait(false) is SaveResult.Saved;
        if (saved)
        {
            result.Invoices.AddRange(issued.Select(invoice => invoice.Id));
        }

        return saved;
    }

    private async Task AdvanceAsync(TenantId tenant, IReadOnlyList<DueCharges> billed, CancellationToken cancellationToken)
    {
        var advanced = billed.Select(item => item.Subscription.Billed(item.Boundary, item.Plan, options.Value)).ToList();
        if (advanced.Count == 0 || await subscriptions.SaveAsync(tenant, advanced, [], cancellationToken).ConfigureAwait(false) is SaveResult.Saved)
        {
            return;
        }

        foreach (var item in billed)
        {
            await AdvanceAsync(tenant, item, cancellationToken).ConfigureAwait(false);
        }
    }

    // Someone changed the subscription meanwhile: its boundary is billed all the same, since a change never reaches back.
    private async Task AdvanceAsync(TenantId tenant, DueCharges item, CancellationToken cancellationToken)
    {
        for (var attempt = 1; attempt <= MaxAttempts; attempt++)
        {
            var current = (await subscriptions.FindAsync(tenant, item.Subscription.Id.ToString(), cancellationToken).ConfigureAwait(false))!;
            var plan = await plans.VersionAsync(tenant, current.Plan, current.PlanVersion, cancellationToken).ConfigureAwait(false);
            var advanced = current.Billed(item.Boundary, plan, options.Value);
            if (ReferenceEquals(advanced, current) || await subscriptions.SaveAsync(tenant, [advanced], [], cancellationToken).ConfigureAwait(false) is SaveResult.Saved)
            {
                return;
            }
        }
    }
}

/// <summary>What one batch of a run did.</summary>
internal sealed record CycleResult
{
    public List<InvoiceId> Invoices { get; } = [];

    public List<RunFailure> Failures { get; } = [];

    public void Add(CycleResult other)
    {
        Invoices.AddRange(other.Invoices);
        Failures.AddRange(other.Failures);
    }
}
