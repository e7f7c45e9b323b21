using System.Collections.Immutable;
using NodaTime;

namespace BillApis.Ledger;

/// <summary>What each piece of business does to the books: pure functions from facts to linked transfers.</summary>
/// <remarks>An amount of zero moves nothing; a negative one moves the other way.</remarks>
public static class Postings
{
    /// <summary>The clearing account of money that came in outside of any processor.</summary>
    public const string External = "external";

    /// <summary>Debits the receivable; credits revenue for arrears, deferred revenue for advance, and tax payable.</summary>
    public static ImmutableArray<Transfer> InvoiceIssued(InvoiceAmounts invoice, Instant at)
    {
        ArgumentNullException.ThrowIfNull(invoice);
        var receivable = Receivable(invoice.Customer, invoice.Total.Currency);
        return Linked(Parts(invoice).Select(part => Move(invoice.Tenant, invoice.Invoice, TransferKind.InvoiceIssued, part.Kind, receivable, Shared(part.Kind, part.Amount), part.Amount, at)));
    }

    /// <summary>Reverses exactly what the issue of the same invoice posted.</summary>
    public static ImmutableArray<Transfer> InvoiceCanceled(InvoiceAmounts invoice, Instant at)
    {
        ArgumentNullException.ThrowIfNull(invoice);
        var receivable = Receivable(invoice.Customer, invoice.Total.Currency);
        return Linked(Parts(invoice).Select(part => Move(invoice.Tenant, invoice.Invoice, TransferKind.InvoiceCanceled, part.Kind, Shared(part.Kind, part.Amount), receivable, part.Amount, at)));
    }

    /// <summary>Debits the clearing account of the processor, or of <see cref="External"/> money; credits the receivable.</summary>
    public static ImmutableArray<Transfer> PaymentReceived(TenantId tenant, PaymentId payment, string processor, CustomerId customer, Money amount, Instant at)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(processor);
        var clearing = new Account(AccountKind.Clearing, Asset.Of(amount.Currency), processor);
        return Linked([Move(tenant, payment, TransferKind.PaymentReceived, AccountKind.Clearing, clearing, Receivable(customer, amount.Currency), amount, at)]);
    }

    /// <summary>Debits bad debt and credits the receivable with what was still due.</summary>
    public static ImmutableArray<Transfer> InvoiceWrittenOff(TenantId tenant, InvoiceId invoice, CustomerId customer, Money due, Instant at) =>
        Linked([Move(tenant, invoice, TransferKind.InvoiceWrittenOff, AccountKind.BadDebt, Shared(AccountKind.BadDebt, due), Receivable(customer, due.Currency), due, at)]);

    private static (AccountKind Kind, Money Amount)[] Parts(InvoiceAmounts invoice) =>
        [(AccountKind.Revenue, invoice.Arrears), (AccountKind.DeferredRevenue, invoice.Advance), (AccountKind.TaxPayable, invoice.Tax)];

    private static Account Receivable(CustomerId customer, Currency currency) => new(AccountKind.Receivable, Asset.Of(currency), customer.ToString());

    private static Account Shared(AccountKind kind, Money amount) => new(kind, Asset.Of(amount.Currency));

    private static Transfer? Move<TCause>(TenantId tenant, TCause cause, TransferKind kind, AccountKind part, Account debit, Account credit, Money amount, Instant at)
        where TCause : struct, IEntityId<TCause> => amount.IsZero ? null : new()
        {
            Id = Transfer.IdOf(tenant, cause, kind, part),
            Debit = amount.MinorUnits > 0 ? debit : credit,
            Credit = amount.MinorUnits > 0 ? credit : debit,
            Amount = Math.Abs(amount.MinorUnits),
            At = at,
            Kind = kind,
            Cause = EntityId.Format(cause),
        };

    // All but the last are linked with their next.
    private static ImmutableArray<Transfer> Linked(IEnumerable<Transfer?> transfers)
    {
        var moved = transfers.OfType<Transfer>().ToArray();
        return [.. moved.Select((transfer, index) => transfer with { Linked = index < moved.Length - 1 })];
    }
}
