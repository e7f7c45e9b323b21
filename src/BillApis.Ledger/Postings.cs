using System.Collections.Immutable;
using System.Globalization;
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
        return Linked([Move(tenant, payment, TransferKind.PaymentReceived, AccountKind.Clearing, Clearing(processor, amount), Receivable(customer, amount.Currency), amount, at)]);
    }

    /// <summary>Debits bad debt and credits the receivable with what was still due.</summary>
    public static ImmutableArray<Transfer> InvoiceWrittenOff(TenantId tenant, InvoiceId invoice, CustomerId customer, Money due, Instant at) =>
        Linked([Move(tenant, invoice, TransferKind.InvoiceWrittenOff, AccountKind.BadDebt, Shared(AccountKind.BadDebt, due), Receivable(customer, due.Currency), due, at)]);

    /// <summary>Debits the receivable and credits the customer's credit with what an invoice came to less than nothing.</summary>
    public static ImmutableArray<Transfer> InvoiceCredited(TenantId tenant, InvoiceId invoice, CustomerId customer, Money amount, Instant at) =>
        Linked([Move(tenant, invoice, TransferKind.InvoiceCredited, AccountKind.CustomerCredit, Receivable(customer, amount.Currency), Credit(customer, amount), amount, at)]);

    /// <summary>Debits the clearing account of the processor, or of <see cref="External"/> money; credits the customer's credit.</summary>
    public static ImmutableArray<Transfer> CreditBought(TenantId tenant, CreditEntryId entry, string processor, CustomerId customer, Money amount, Instant at) =>
        Linked([Move(tenant, entry, TransferKind.CreditBought, AccountKind.CustomerCredit, Clearing(processor, amount), Credit(customer, amount), amount, at)]);

    /// <summary>Debits the customer's credit with what it had bought and promotional expense with what it was given; credits the receivable.</summary>
    public static ImmutableArray<Transfer> CreditUsed(TenantId tenant, InvoiceId invoice, CustomerId customer, Money paid, Money promotional, Instant at)
    {
        var receivable = Receivable(customer, paid.Currency);
        return Linked([
            Move(tenant, invoice, TransferKind.CreditUsed, AccountKind.CustomerCredit, Credit(customer, paid), receivable, paid, at),
            Move(tenant, invoice, TransferKind.CreditUsed, AccountKind.PromotionalExpense, Shared(AccountKind.PromotionalExpense, promotional), receivable, promotional, at)]);
    }

    /// <summary>Reverses exactly what the use of credit by the same invoice posted.</summary>
    public static ImmutableArray<Transfer> CreditReturned(TenantId tenant, InvoiceId invoice, CustomerId customer, Money paid, Money promotional, Instant at)
    {
        var receivable = Receivable(customer, paid.Currency);
        return Linked([
            Move(tenant, invoice, TransferKind.CreditReturned, AccountKind.CustomerCredit, receivable, Credit(customer, paid), paid, at),
            Move(tenant, invoice, TransferKind.CreditReturned, AccountKind.PromotionalExpense, receivable, Shared(AccountKind.PromotionalExpense, promotional), promotional, at)]);
    }

    /// <summary>Debits the customer's credit and credits revenue with what ran out unused.</summary>
    public static ImmutableArray<Transfer> CreditExpired(TenantId tenant, CreditEntryId entry, CustomerId customer, Money amount, Instant at) =>
        Linked([Move(tenant, entry, TransferKind.CreditExpired, AccountKind.Revenue, Credit(customer, amount), Shared(AccountKind.Revenue, amount), amount, at)]);

    /// <summary>Debits the customer's credit with what was withdrawn; credits the clearing account that it came in by.</summary>
    public static ImmutableArray<Transfer> CreditVoided(TenantId tenant, CreditEntryId entry, string processor, CustomerId customer, Money amount, Instant at) =>
        Linked([Move(tenant, entry, TransferKind.CreditVoided, AccountKind.CustomerCredit, Credit(customer, amount), Clearing(processor, amount), amount, at)]);

    /// <summary>Debits revenue, deferred revenue and tax payable, and credits the receivable; from there what had been paid goes to the customer's credit or to refunds payable.</summary>
    public static ImmutableArray<Transfer> CreditMemoIssued(CreditMemoAmounts memo, Instant at) => CreditMemo(memo, TransferKind.CreditMemoIssued, at);

    /// <summary>Reverses exactly what the issue of the same credit memo posted.</summary>
    public static ImmutableArray<Transfer> CreditMemoCanceled(CreditMemoAmounts memo, Instant at)
    {
        ArgumentNullException.ThrowIfNull(memo);
        return CreditMemo(memo with { Arrears = -memo.Arrears, Advance = -memo.Advance, Tax = -memo.Tax, Credit = -memo.Credit, Refund = -memo.Refund }, TransferKind.CreditMemoCanceled, at);
    }

    /// <summary>Debits deferred revenue and credits revenue with what was earned; an amount below zero moves back.</summary>
    /// <param name="tenant">Whose books they are.</param>
    /// <param name="schedule">What it is earned by.</param>
    /// <param name="amount">How much; not 0.</param>
    /// <param name="move">Tells this move from all others of the schedule.</param>
    /// <param name="at">When it was earned.</param>
    public static Transfer RevenueReleased(TenantId tenant, RevenueScheduleId schedule, Money amount, string move, Instant at)
    {
        var (deferred, revenue) = (Shared(AccountKind.DeferredRevenue, amount), Shared(AccountKind.Revenue, amount));
        return Moved(tenant, schedule.ToString(), TransferKind.RevenueReleased, move, deferred, revenue, amount.MinorUnits, at);
    }

    /// <summary>Debits refunds payable with what was paid out; credits the clearing account of the processor, or of <see cref="External"/> money.</summary>
    public static ImmutableArray<Transfer> RefundPaid(TenantId tenant, CreditMemoId memo, string processor, Money amount, Instant at) =>
        Linked([Move(tenant, memo, TransferKind.RefundPaid, AccountKind.RefundsPayable, Shared(AccountKind.RefundsPayable, amount), Clearing(processor, amount), amount, at)]);

    /// <summary>Debits the spend of the subscription and credits that of its customer; an amount below zero moves back.</summary>
    /// <param name="tenant">Whose books they are.</param>
    /// <param name="subscription">What spent it.</param>
    /// <param name="customer">Whose it is.</param>
    /// <param name="asset">The currency with the decimals that spend is kept with.</param>
    /// <param name="units">How much more is spent than before, in units of the asset; not 0.</param>
    /// <param name="move">Tells this move from all others of the subscription.</param>
    /// <param name="at">When it was seen.</param>
    public static Transfer SpendMoved(TenantId tenant, SubscriptionId subscription, CustomerId customer, Asset asset, long units, string move, Instant at)
    {
        var (ofSubscription, ofCustomer) = (new Account(AccountKind.Spend, asset, subscription.ToString()), new Account(AccountKind.Spend, asset, customer.ToString()));
        return Moved(tenant, subscription.ToString(), TransferKind.SpendMoved, move, ofSubscription, ofCustomer, units, at);
    }

    // Units below zero move back.
    private static Transfer Moved(TenantId tenant, string cause, TransferKind kind, string move, Account debit, Account credit, long units, Instant at) => new()
    {
        Id = EntityId.Derive<TransferId>(at, string.Create(CultureInfo.InvariantCulture, $"{tenant}/{cause}/{(int)kind}/{move}")),
        Debit = units > 0 ? debit : credit,
        Credit = units > 0 ? credit : debit,
        Amount = Math.Abs(units),
        At = at,
        Kind = kind,
        Cause = cause,
    };

    private static ImmutableArray<Transfer> CreditMemo(CreditMemoAmounts memo, TransferKind kind, Instant at)
    {
        ArgumentNullException.ThrowIfNull(memo);
        var receivable = Receivable(memo.Customer, memo.Tax.Currency);
        Transfer? Back(AccountKind part, Money amount) => Move(memo.Tenant, memo.Memo, kind, part, Shared(part, amount), receivable, amount, at);
        return Linked([
            Back(AccountKind.Revenue, memo.Arrears), Back(AccountKind.DeferredRevenue, memo.Advance), Back(AccountKind.TaxPayable, memo.Tax),
            Move(memo.Tenant, memo.Memo, kind, AccountKind.CustomerCredit, receivable, Credit(memo.Customer, memo.Credit), memo.Credit, at),
            Move(memo.Tenant, memo.Memo, kind, AccountKind.RefundsPayable, receivable, Shared(AccountKind.RefundsPayable, memo.Refund), memo.Refund, at)]);
    }

    private static (AccountKind Kind, Money Amount)[] Parts(InvoiceAmounts invoice) =>
        [(AccountKind.Revenue, invoice.Arrears), (AccountKind.DeferredRevenue, invoice.Advance), (AccountKind.TaxPayable, invoice.Tax)];

    private static Account Receivable(CustomerId customer, Currency currency) => new(AccountKind.Receivable, Asset.Of(currency), customer.ToString());

    private static Account Credit(CustomerId customer, Money amount) => new(AccountKind.CustomerCredit, Asset.Of(amount.Currency), customer.ToString());

    private static Account Clearing(string processor, Money amount) => new(AccountKind.Clearing, Asset.Of(amount.Currency), processor);

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
