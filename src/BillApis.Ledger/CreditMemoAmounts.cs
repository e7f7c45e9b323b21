namespace BillApis.Ledger;

/// <summary>What the books have to know of a credit memo: what is taken back adds up to what becomes of it.</summary>
/// <param name="Tenant">Whose books they are.</param>
/// <param name="Memo">The credit memo.</param>
/// <param name="Customer">Who is credited.</param>
/// <param name="Arrears">The net amount taken back of what was revenue at once.</param>
/// <param name="Advance">The net amount taken back of what was deferred.</param>
/// <param name="Tax">The tax on both.</param>
/// <param name="Credit">The part that becomes the customer's credit.</param>
/// <param name="Refund">The part that is to be paid back.</param>
public sealed record CreditMemoAmounts(TenantId Tenant, CreditMemoId Memo, CustomerId Customer, Money Arrears, Money Advance, Money Tax, Money Credit, Money Refund);
