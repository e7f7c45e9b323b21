using BillApis.Ledger;

namespace BillApis.Storage.Sql.Ledger;

/// <summary>A row of <c>billing_transfer</c>.</summary>
internal sealed record TransferRow
{
    public required string Id { get; init; }
    public required string DebitId { get; init; }
    public required string CreditId { get; init; }
    public string Asset { get; init; } = "";
    public required long Amount { get; init; }
    public required long At { get; init; }
    public required long Kind { get; init; }
    public required string Cause { get; init; }
    public long Step { get; init; }
    public long Linked { get; init; }
    public long Closes { get; init; }
    public long Timeout { get; init; }
    public string? PendingId { get; init; }

    public bool IsPending => Step == (long)TransferStep.Pending;

    public bool Settles => Step is (long)TransferStep.Post or (long)TransferStep.Void;

    /// <summary>Whether its amount counts in the posted balances.</summary>
    public bool Posts => Step is (long)TransferStep.Immediate or (long)TransferStep.Post;

    public static TransferRow From(Transfer transfer, Func<Account, AccountName> nameOf)
    {
        var debit = nameOf(transfer.Debit);
        return new()
        {
            Id = transfer.Id.ToString(),
            DebitId = debit.Id,
            CreditId = nameOf(transfer.Credit).Id,
            Asset = debit.Asset,
            Amount = transfer.Amount,
            At = transfer.At.ToMicroseconds(),
            Kind = (long)transfer.Kind,
            Cause = transfer.Cause,
            Step = (long)transfer.Step,
            Linked = transfer.Linked ? 1 : 0,
            Closes = (long)transfer.Closes,
            Timeout = transfer.TimeoutSeconds,
            PendingId = transfer.Pending?.ToString(),
        };
    }

    /// <summary>What a stored transfer of the same id says of this one.</summary>
    public TransferResult CompareTo(TransferRow stored, long? pendingAmount) =>
        (Step, Linked, Closes) != (stored.Step, stored.Linked, stored.Closes) ? TransferResult.ExistsDifferentStep
        : PendingId != stored.PendingId ? TransferResult.ExistsDifferentPending
        : Timeout != stored.Timeout ? TransferResult.ExistsDifferentTimeout
        : DebitId != stored.DebitId ? TransferResult.ExistsDifferentDebit
        : CreditId != stored.CreditId ? TransferResult.ExistsDifferentCredit
        : (Settles && Amount == Transfer.WholePending ? pendingAmount : Amount) != stored.Amount ? TransferResult.ExistsDifferentAmount
        : Cause != stored.Cause ? TransferResult.ExistsDifferentCause
        : At != stored.At ? TransferResult.ExistsDifferentTime
        : Kind != stored.Kind ? TransferResult.ExistsDifferentKind
        : TransferResult.Exists;
}

/// <summary>A transfer as it is read: with the codes of its accounts.</summary>
internal sealed record EntryRow
{
    public required string Id { get; init; }
    public required string Debit { get; init; }
    public required string Credit { get; init; }
    public required long Amount { get; init; }
    public required long At { get; init; }
    public required long Kind { get; init; }
    public required string Cause { get; init; }
    public required long Step { get; init; }
    public required long Linked { get; init; }
    public required long Closes { get; init; }
    public required long Timeout { get; init; }
    public required string? PendingId { get; init; }

    public Transfer ToTransfer() => new()
    {
        Id = EntityId.Parse<TransferId>(Id),
        Debit = Account.Parse(Debit),
        Credit = Account.Parse(Credit),
        Amount = Amount,
        At = SqlTime.FromMicroseconds(At),
        Kind = (TransferKind)Kind,
        Cause = Cause,
        Step = (TransferStep)Step,
        Linked = Linked != 0,
        Closes = (ClosedAccounts)Closes,
        TimeoutSeconds = (int)Timeout,
        Pending = PendingId is null ? null : EntityId.Parse<TransferId>(PendingId),
    };
}
