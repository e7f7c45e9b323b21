using System.Text.Json;
using BillApis.Invoicing;
using BillApis.Outbox;
using NodaTime;

namespace BillApis;

/// <summary>Bills, from draft to paid.</summary>
public sealed class Invoices
{
    private const string Kind = "invoice";
    private const int MaxAttempts = 8;
    private readonly IInvoiceStore _store;
    private readonly Settlements _settlements;
    private readonly InvoiceIssue _issue;
    private readonly BillingCycle _cycle;
    private readonly DraftReview _review;
    private readonly Customers _customers;
    private readonly OutboxDispatcher _outbox;
    private readonly IClock _clock;

    internal Invoices(IInvoiceStore store, Settlements settlements, InvoiceIssue issue, BillingCycle cycle, DraftReview review, Customers customers, OutboxDispatcher outbox, IClock clock) =>
        (_store, _settlements, _issue, _cycle, _review, _customers, _outbox, _clock) = (store, settlements, issue, cycle, review, customers, outbox, clock);

    /// <summary>Reads one by id or by number.</summary>
    /// <exception cref="BillingException">The tenant has none such.</exception>
    public Task<Invoice> GetAsync(TenantId tenant, string reference, CancellationToken cancellationToken = default) => _store.GetAsync(tenant, Kind, reference, cancellationToken);

    /// <summary>The invoice that the lines were calculated for: the first of those that were withdrawn and replaced, or the invoice itself.</summary>
    /// <remarks>One that was withdrawn as a draft has the issue of its first replacement that was issued: what was known then is all that its lines can be held to.</remarks>
    internal async Task<Invoice> OriginAsync(Invoice invoice, CancellationToken cancellationToken)
    {
        var issued = invoice.IssuedAt;
        while (invoice.Replaces is { } withdrawn)
        {
            invoice = await GetAsync(invoice.Tenant, withdrawn.ToString(), cancellationToken).ConfigureAwait(false);
            issued = invoice.IssuedAt ?? issued;
        }

        return invoice with { IssuedAt = issued };
    }

    /// <summary>Lists newest first; filtered by <c>customer_id</c>, <c>subscription_id</c>, <c>status</c>, <c>currency</c> and <c>kind</c>.</summary>
    public Task<Page<Invoice>> ListAsync(TenantId tenant, StoreQuery query, CancellationToken cancellationToken = default) => _store.ListAsync(tenant, query, cancellationToken);

    /// <summary>What customers owe now, by how long it has been due.</summary>
    public async Task<ReceivablesAging> AgeAsync(TenantId tenant, CancellationToken cancellationToken = default)
    {
        var open = new List<Invoice>();
        foreach (var status in (string[])["issued", "partially_paid", "overdue"])
        {
            var query = new StoreQuery { Limit = Limits.PageSize }.With("status", status);
            for (var page = await _store.ListAsync(tenant, query, cancellationToken).ConfigureAwait(false); ; page = await _store.ListAsync(tenant, query with { After = page.Next }, cancellationToken).ConfigureAwait(false))
            {
                open.AddRange(page.Items);
                if (page.Next is null)
                {
                    break;
                }
            }
        }

        return ReceivablesAging.Of(open, _clock.GetCurrentInstant());
    }

    /// <summary>Stores a draft of charges outside of any subscription.</summary>
    /// <exception cref="BillingException">There is no such customer, it is billed in another currency, or a line breaks a rule.</exception>
    public async Task<Invoice> CreateAsync(TenantId tenant, NewInvoice request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        Given.All(request.Lines, nameof(request));
        var customer = await _customers.GetAsync(tenant, request.Customer, cancellationToken).ConfigureAwait(false);
        if (customer.Currency != request.Currency)
        {
            throw BillingException.Field("currency", $"must be {customer.Currency}, the currency of the customer '{customer.Id}'");
        }

        Check.Range("lines", request.Lines.Length, 1, Limits.LinesPerInvoice);
        Check.Text("notes", request.Notes);
        Check.Text("purchase_order", request.PurchaseOrder, Limits.CodeLength);
        var (id, now) = (EntityId.New<InvoiceId>(), _clock.GetCurrentInstant());
        var draft = new Invoice
        {
            Id = id,
            Tenant = tenant,
            Customer = customer.Id,
            Kind = InvoiceKind.OneOff,
            Currency = request.Currency,
            Lines = [.. request.Lines.Select((line, index) => line.ToLine(InvoiceCalculator.LineIdOf(id, now, index), request.Currency, $"lines[{index}]."))],
            Notes = request.Notes,
            PurchaseOrder = request.PurchaseOrder,
            CreatedAt = now,
        };
        MoneyCheck.Together("lines", draft.Lines);
        draft = await _settlements.TaxedAsync(draft, cancellationToken).ConfigureAwait(false);
        return await _store.SaveAsync(tenant, [draft], [new BillingEvent("invoice.created", id.ToString(), now)], cancellationToken).ConfigureAwait(false) is SaveResult.Saved
            ? draft.WithVersion(1)
            : throw BillingException.Changed(Kind, id.ToString());
    }

    /// <summary>Freezes a draft, takes the customer's credit, gives it its number and posts it; the draft of a subscription's boundary is made anew first, with all usage that is known.</summary>
    /// <exception cref="BillingException">There is none such, it is not a draft, or it cannot be billed now.</exception>
    public async Task<Invoice> IssueAsync(TenantId tenant, string reference, CancellationToken cancellationToken = default)
    {
        var found = await GetAsync(tenant, reference, cancellationToken).ConfigureAwait(false);
        if (found is { Status: InvoiceStatus.Draft, Kind: InvoiceKind.Subscription or InvoiceKind.Consolidated })
        {
            await ApproveAsync(found, cancellationToken).ConfigureAwait(false);
        }
        else
        {
            await _issue.IssueAsync(tenant, reference, _customers, cancellationToken).ConfigureAwait(false);
        }

        return await PostedAsync(tenant, reference, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Withdraws a draft, or an open invoice on which nothing was paid: gives back the credit that it used, and reverses its posting.</summary>
    /// <exception cref="BillingException">There is none such, it is at one of its ends, or something was paid.</exception>
    public async Task<Invoice> CancelAsync(TenantId tenant, string reference, CancellationToken cancellationToken = default)
    {
        await _issue.CancelAsync(tenant, reference, cancellationToken).ConfigureAwait(false);
        return await PostedAsync(tenant, reference, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Withdraws an invoice on which nothing was paid, where that was not done yet, and puts a draft in its place that can be changed and issued under a new number.</summary>
    /// <exception cref="BillingException">There is none such, it is a draft, something was paid or credited, or it was replaced before.</exception>
    public async Task<Invoice> ReissueAsync(TenantId tenant, string reference, CancellationToken cancellationToken = default)
    {
        var id = await _issue.ReissueAsync(tenant, reference, cancellationToken).ConfigureAwait(false);
        return await PostedAsync(tenant, id.ToString(), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Records that an invoice goes out, and tells whoever delivers it by the event <c>invoice.sent</c>.</summary>
    /// <param name="tenant">Whose invoice it is.</param>
    /// <param name="reference">The invoice's id or number.</param>
    /// <param name="to">The address; the customer's own where null.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="BillingException">There is none such, it is a draft or withdrawn, or there is no address.</exception>
    public async Task<Invoice> SendAsync(TenantId tenant, string reference, string? to = null, CancellationToken cancellationToken = default)
    {
        Check.Email("email", to);
        var found = await GetAsync(tenant, reference, cancellationToken).ConfigureAwait(false);
        var address = to ?? (await _customers.GetAsync(tenant, found.Customer.ToString(), cancellationToken).ConfigureAwait(false)).Email
            ?? throw BillingException.Field("email", "is required, since the customer has none");
        return await ChangeAsync(
            tenant,
            reference,
            (invoice, now) => invoice.Send(new InvoiceSending(now, address)),
            (_, after, now) => [new BillingEvent("invoice.sent", after.Id.ToString(), now, JsonSerializer.Serialize(new { To = address, after.Customer }, BillingJson.Options))],
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Gives up on what is still due and posts it as bad debt.</summary>
    /// <exception cref="BillingException">There is none such, or it is not open.</exception>
    public Task<Invoice> WriteOffAsync(TenantId tenant, string reference, CancellationToken cancellationToken = default) =>
        ChangeAsync(tenant, reference, (invoice, _) => invoice.WriteOff(), InvoicePosting.WrittenOff, cancellationToken);

    /// <summary>Records money that came in outside of any processor, and posts it.</summary>
    /// <param name="tenant">Whose invoice it is.</param>
    /// <param name="reference">The invoice's id or number.</param>
    /// <param name="amount">In major units of the invoice's currency, exact; at most what is due.</param>
    /// <param name="paymentReference">What the bank or the payer calls the payment; the same one is refused a second time.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="BillingException">There is none such, it is not open, or the amount or reference is refused.</exception>
    public Task<Invoice> PayAsync(TenantId tenant, string reference, decimal amount, string? paymentReference, CancellationToken cancellationToken = default)
    {
        Check.Text("reference", paymentReference, Limits.CodeLength);
        var id = EntityId.New<PaymentId>();
        return ChangeAsync(
            tenant,
            reference,
            (invoice, now) => invoice.Pay(new InvoicePayment(id, MoneyCheck.Exactly("amount", amount, invoice.Currency), paymentReference, now)),
            (_, after, _) => InvoicePosting.Paid(after, after.Payments[^1]),
            cancellationToken);
    }

    private async Task ApproveAsync(Invoice draft, CancellationToken cancellationToken)
    {
        for (var attempt = 1; attempt <= MaxAttempts; attempt++)
        {
            var owners = await _review.OwnersAsync(draft, cancellationToken).ConfigureAwait(false);
            var result = owners.Count == draft.Subscriptions().Count()
                ? await _cycle.ApproveAsync(owners, cancellationToken).ConfigureAwait(false)
                : throw new BillingException(BillingErrorCode.Conflict, $"The invoice '{draft.Id}' is the draft of a boundary that its subscription has no more; cancel it, or let the next run put another in its place.");
            if (result.Failures is [var failure, ..])
            {
                throw new BillingException(BillingErrorCode.Conflict, failure.Message);
            }

            // Nothing happens where the subscription was changed at the same time.
            if ((await GetAsync(draft.Tenant, draft.Id.ToString(), cancellationToken).ConfigureAwait(false)).Status is not InvoiceStatus.Draft)
            {
                return;
            }
        }

        throw BillingException.Changed(Kind, draft.Id.ToString());
    }

    private async Task<Invoice> ChangeAsync(
        TenantId tenant, string reference, Func<Invoice, Instant, Invoice> change, Func<Invoice, Invoice, Instant, IReadOnlyList<BillingEvent>> events, CancellationToken cancellationToken)
    {
        var saved = await _store.ChangeAsync(
            tenant,
            Kind,
            reference,
            before =>
            {
                var now = _clock.GetCurrentInstant();
                var after = change(before, now);
                return Task.FromResult((after, events(before, after, now)));
            },
            cancellationToken).ConfigureAwait(false);
        return await PostedAsync(tenant, saved.Id.ToString(), cancellationToken).ConfigureAwait(false);
    }

    private async Task<Invoice> PostedAsync(TenantId tenant, string reference, CancellationToken cancellationToken)
    {
        await _outbox.DispatchAsync(tenant, cancellationToken).ConfigureAwait(false);
        return await GetAsync(tenant, reference, cancellationToken).ConfigureAwait(false);
    }
}
