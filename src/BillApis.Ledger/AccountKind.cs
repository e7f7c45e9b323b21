namespace BillApis.Ledger;

/// <summary>The chart of accounts; the numbers are stable and stand for the kind wherever only a number fits.</summary>
public enum AccountKind
{
    /// <summary>What a customer owes; one account per customer.</summary>
    Receivable = 1,

    /// <summary>Money that a payment processor holds for us; one account per processor, and <c>external</c> for money received outside of any.</summary>
    Clearing = 2,

    /// <summary>What was earned.</summary>
    Revenue = 3,

    /// <summary>What was invoiced in advance and is still to be earned.</summary>
    DeferredRevenue = 4,

    /// <summary>Tax collected for the authorities.</summary>
    TaxPayable = 5,

    /// <summary>Credit that a customer paid for and has not used; one account per customer.</summary>
    CustomerCredit = 6,

    /// <summary>Credit that was given away and used.</summary>
    PromotionalExpense = 7,

    /// <summary>Refunds that were promised and not yet paid out.</summary>
    RefundsPayable = 8,

    /// <summary>Receivables that were given up.</summary>
    BadDebt = 9,

    /// <summary>What rounding leaves over.</summary>
    Rounding = 10,

    /// <summary>What is owed to a partner; one account per partner.</summary>
    PartnerPayable = 11,

    /// <summary>What was spent on usage and need not be billed yet, kept apart with 8 decimals: a debit to the subscription's account, a credit to its customer's.</summary>
    Spend = 12,
}

/// <summary>The two sides of every transfer and account.</summary>
public enum EntrySide
{
    /// <summary>The side on which assets and expenses grow.</summary>
    Debit,

    /// <summary>The side on which debts and revenue grow.</summary>
    Credit,
}
