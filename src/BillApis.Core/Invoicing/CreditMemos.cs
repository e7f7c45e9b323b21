using System.Collections.Immutable;
using BillApis.Invoicing;
using BillApis.Ledger;
using BillApis.Outbox;
using NodaTime;

namespace BillApis;

/// <summary>Takes back parts of issued invoices.</summary>
public sealed class CreditMemos(IInvoiceStore invoices, IStore<CreditMemo> store, ICreditStore credits, OutboxDispatcher outbox, IClock clock)
{
    private const string Kind = "credit memo";
    private const int MaxAttempts = 8;

    /// <summary>Reads one by id or by number.</summary>
    /// <exception cref="BillingException">The tenant has none such.</exception>
    public Task<CreditMemo> GetAsync(TenantId tenant, string reference, CancellationToken cancellationToken = default) => store.GetAsync(tenant, Kind, reference, cancellationToken);

    /// <summary>Lists newest first; filtered by <c>customer_id</c>, <c>invoice_id</c> and <c>status</c>.</summary>
    public Task<Page<CreditMemo>> ListAsync(TenantId tenant, StoreQuery query, CancellationToken cancellationToken = default) => store.ListAsync(tenant, query, cancellationToken);

    /// <summary>Issues one by amount or by lines, numbers it and posts it; never more than is left to credit of the invoice.</summary>
    /// <exception cref="BillingException">There is no such invoice or line, it is not issued or was given up, or an amount is refused.</exception>
    public async Task<CreditMemo> CreateAsync(TenantId tenant, NewCreditMemo request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        Given.All(request.Lines, nameof(request));
        Check.Name("reason", request.Reason);
        if (request.Amount is null == request.Lines.IsEmpty)
        {
            throw BillingException.Field("amount", "is required, or lines, and not both");
        }

        var id = EntityId.New<CreditMemoId>();
        await WriteAsync(
            tenant,
            request.Invoice,
            async invoice =>
            {
                var now = clock.GetCurrentInstant();
                var (after, memo) = Take(invoice, id, request, CreditableLines.Of(invoice, await OfAsync(tenant, invoice.Id, cancellationToken).ConfigureAwait(false)), now);
                return CreditMemoWrite.Issued(memo, after);
            },
            cancellationToken).ConfigureAwait(false);
        return await GetAsync(tenant, id.ToString(), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Withdraws one: what it had taken back is due again, and its posting is reversed.</summary>
    /// <exception cref="BillingException">There is none such, it was withdrawn before, or its invoice was given up meanwhile.</exception>
    public async Task<CreditMemo> CancelAsync(TenantId tenant, string reference, CancellationToken cancellationToken = default)
    {
        var found = await GetAsync(tenant, reference, cancellationToken).ConfigureAwait(false);
        await WriteAsync(
            tenant,
            found.Invoice.ToString(),
            async invoice =>
            {
                var (now, memo, book) = (clock.GetCurrentInstant(), await GetAsync(tenant, reference, cancellationToken).ConfigureAwait(false), new CreditBook(credits));
                var canceled = memo.Cancel(now);
                await book.LoadAsync(tenant, CreditMemoWrite.HasGrant(memo) ? [memo.Customer] : [], cancellationToken).ConfigureAwait(false);
                return CreditMemoWrite.Canceled(canceled, invoice.AskAgain(memo.Id), book, now);
            },
            cancellationToken).ConfigureAwait(false);
        return await GetAsync(tenant, reference, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Records that what is to be refunded was paid out, and posts it.</summary>
    /// <param name="tenant">The tenant.</param>
    /// <param name="reference">The memo's id or number.</param>
    /// <param name="payment">How the payment is known where it was made.</param>
    /// <param name="cancellationToken">Stops the call.</param>
    /// <exception cref="BillingException">There is none such, nothing of it is to be refunded, or that was paid out before.</exception>
    public async Task<CreditMemo> PayOutAsync(TenantId tenant, string reference, string? payment = null, CancellationToken cancellationToken = default)
    {
        Check.Text("reference", payment, Limits.CodeLength);
        var paid = await store.ChangeAsync(
            tenant,
            Kind,
            reference,
            memo =>
            {
                var (now, subject) = (clock.GetCurrentInstant(), memo.Id.ToString());
                var posting = LedgerPosting.Of(Postings.RefundPaid(tenant, memo.Id, Postings.External, memo.Returned, now), subject, now)!;
                return Task.FromResult<(CreditMemo, IReadOnlyList<BillingEvent>)>((memo.PayOut(payment, now), [new BillingEvent("credit_memo.refunded", subject, now), posting]));
            },
            cancellationToken).ConfigureAwait(false);
        await outbox.DispatchAsync(tenant, cancellationToken).ConfigureAwait(false);
        return paid;
    }

    private static (Invoice Invoice, CreditMemo Memo) Take(Invoice before, CreditMemoId id, NewCreditMemo request, CreditableLines left, Instant now)
    {
        var amount = request.Amount is { } sum ? MoneyCheck.Exactly("amount", sum, before.Currency) : request.Lines.Select((line, i) => MoneyCheck.Exactly($"lines[{i}].amount", line.Amount, before.Currency)).Aggregate((all, one) => all + one);
        // First, so that a refusal names the line.
        var lines = request.Lines.IsEmpty ? left.Spread(amount) : ByLine(request, left, before.Currency);
        var (invoice, credit) = before.TakeBack(id, amount, now);
        return (invoice, new CreditMemo
        {
            Id = id,
            Tenant = before.Tenant,
            Customer = before.Customer,
            Invoice = before.Id,
            Subscription = before.Subscription,
            Currency = before.Currency,
            Series = before.CreditMemoSeries,
            Lines = lines,
            Reason = request.Reason,
            Refund = request.Refund,
            Applied = credit.Applied,
            IssuedAt = now,
            CreatedAt = now,
        });
    }

    private static ImmutableArray<CreditMemoLine> ByLine(NewCreditMemo request, CreditableLines left, Currency currency)
    {
        var twice = request.Lines.Select((line, i) => (line.Line, Place: i)).GroupBy(item => item.Line).FirstOrDefault(group => group.Count() > 1);
        return twice is null
            ? [.. request.Lines.SelectMany((line, i) => left.Of(line.Line, Money.Of(line.Amount, currency), $"lines[{i}]"))]
            : throw BillingException.Field($"lines[{twice.Last().Place}].line_id", "must not be named twice");
    }

    // The invoice's version decides who of several comes first: the others look again at what is left.
    private async Task WriteAsync(TenantId tenant, string invoice, Func<Invoice, Task<CreditMemoWrite>> change, CancellationToken cancellationToken)
    {
        for (var attempt = 1; attempt <= MaxAttempts; attempt++)
        {
            var write = await change(await invoices.GetAsync(tenant, "invoice", invoice, cancellationToken).ConfigureAwait(false)).ConfigureAwait(false);
            if (await invoices.SaveAsync(tenant, write.Invoice, write.Memo, write.Grants, write.Events, cancellationToken).ConfigureAwait(false) is SaveResult.Saved)
            {
                await outbox.DispatchAsync(tenant, cancellationToken).ConfigureAwait(false);
                return;
            }
        }

        throw BillingException.Changed("invoice", invoice);
    }

    private async Task<IReadOnlyList<CreditMemo>> OfAsync(TenantId tenant, InvoiceId invoice, CancellationToken cancellationToken) =>
        await store.AllAsync(tenant, new StoreQuery { Limit = Limits.PageSize }.With("invoice_id", invoice.ToString()), cancellationToken).ToListAsync(cancellationToken).ConfigureAwait(false);
}
