using System.Runtime.InteropServices;
using BillApis.TigerBeetle.Native;

namespace BillApis.TigerBeetle.Tests.Simulator;

/// <summary>A cluster in memory that behaves as TigerBeetle documents itself: its operations, the result codes and their order, timeouts, the limit of a message.</summary>
internal sealed class Cluster
{
    public const int BatchSize = 8_189;
    private const uint Debits = 1;
    private const uint Credits = 2;
    private const uint Reversed = 4;

    private readonly Lock _gate = new();
    private readonly Dictionary<UInt128, TbAccount> _accounts = [];
    private readonly List<UInt128> _accountOrder = [];
    private readonly TransferMachine _transfers;
    private readonly TimeProvider _time;
    private ulong _last;

    public Cluster(TimeProvider? time = null)
    {
        _time = time ?? TimeProvider.System;
        _transfers = new TransferMachine(_accounts, NextTimestamp);
    }

    /// <summary>How many requests were answered, by operation.</summary>
    public Dictionary<TbOperation, int> Requests { get; } = [];

    public byte[] Answer(TbOperation operation, ReadOnlySpan<byte> events)
    {
        lock (_gate)
        {
            Requests[operation] = Requests.GetValueOrDefault(operation) + 1;
            _transfers.Expire(Now());
            return operation switch
            {
                TbOperation.CreateAccounts => Bytes<TbResult>(CreateAccounts(Read<TbAccount>(events))),
                TbOperation.CreateTransfers => Bytes<TbResult>(_transfers.Create(Read<TbTransfer>(events))),
                TbOperation.LookupAccounts => Bytes<TbAccount>([.. Read<UInt128>(events).Where(_accounts.ContainsKey).Select(id => _accounts[id])]),
                TbOperation.LookupTransfers => Bytes<TbTransfer>([.. Read<UInt128>(events).Where(_transfers.Stored.ContainsKey).Select(id => _transfers.Stored[id])]),
                TbOperation.GetAccountTransfers => Bytes<TbTransfer>(TransfersOf(Read<TbAccountFilter>(events).Single())),
                TbOperation.QueryAccounts => Bytes<TbAccount>(QueryAccounts(Read<TbQueryFilter>(events).Single())),
                _ => throw new NotSupportedException($"{operation} is not simulated."),
            };
        }
    }

    private TbResult[] CreateAccounts(TbAccount[] accounts)
    {
        var results = new TbResult[accounts.Length];
        for (var i = 0; i < accounts.Length; i++)
        {
            var account = accounts[i];
            var status = Check(account);
            var timestamp = status == TbAccountStatus.Exists ? _accounts[account.Id].Timestamp : NextTimestamp();
            if (status == TbAccountStatus.Created)
            {
                account.Timestamp = timestamp;
                _accounts[account.Id] = account;
                _accountOrder.Add(account.Id);
            }

            results[i] = new TbResult { Timestamp = timestamp, Status = status };
        }

        return results;
    }

    private uint Check(TbAccount account)
    {
        if (_accounts.TryGetValue(account.Id, out var existing))
        {
            return account.Flags != existing.Flags ? TbAccountStatus.ExistsWithDifferentFlags
                : account.UserData128 != existing.UserData128 ? TbAccountStatus.ExistsWithDifferentUserData128
                : account.UserData64 != existing.UserData64 ? TbAccountStatus.ExistsWithDifferentUserData64
                : account.UserData32 != existing.UserData32 ? TbAccountStatus.ExistsWithDifferentUserData32
                : account.Ledger != existing.Ledger ? TbAccountStatus.ExistsWithDifferentLedger
                : account.Code != existing.Code ? TbAccountStatus.ExistsWithDifferentCode
                : TbAccountStatus.Exists;
        }

        const uint timestampMustBeZero = 3, reservedField = 4, idMustNotBeZero = 6, idMustNotBeMax = 7, flagsAreMutuallyExclusive = 8, balancesMustBeZero = 9, ledgerMustNotBeZero = 13, codeMustNotBeZero = 14;
        const TbAccountFlags both = TbAccountFlags.DebitsMustNotExceedCredits | TbAccountFlags.CreditsMustNotExceedDebits;
        return account.Timestamp != 0 ? timestampMustBeZero
            : account.Reserved != 0 ? reservedField
            : account.Id == 0 ? idMustNotBeZero
            : account.Id == UInt128.MaxValue ? idMustNotBeMax
            : (account.Flags & both) == both ? flagsAreMutuallyExclusive
            : account.DebitsPending + account.DebitsPosted + account.CreditsPending + account.CreditsPosted != 0 ? balancesMustBeZero
            : account.Ledger == 0 ? ledgerMustNotBeZero
            : account.Code == 0 ? codeMustNotBeZero
            : TbAccountStatus.Created;
    }

    private TbTransfer[] TransfersOf(TbAccountFilter filter)
    {
        var found = _transfers.Stored.Values
            .Where(row => (filter.Flags & Debits) != 0 && row.DebitAccountId == filter.AccountId || (filter.Flags & Credits) != 0 && row.CreditAccountId == filter.AccountId)
            .Where(row => row.Timestamp >= filter.TimestampMin && (filter.TimestampMax == 0 || row.Timestamp <= filter.TimestampMax));
        var ordered = (filter.Flags & Reversed) != 0 ? found.OrderByDescending(row => row.Timestamp) : found.OrderBy(row => row.Timestamp);
        return [.. ordered.Take(Limit(filter.Limit))];
    }

    private TbAccount[] QueryAccounts(TbQueryFilter filter) =>
        [.. _accountOrder.Select(id => _accounts[id])
            .Where(row => (filter.UserData128 == 0 || row.UserData128 == filter.UserData128) && (filter.UserData64 == 0 || row.UserData64 == filter.UserData64)
                && (filter.UserData32 == 0 || row.UserData32 == filter.UserData32) && (filter.Ledger == 0 || row.Ledger == filter.Ledger) && (filter.Code == 0 || row.Code == filter.Code)
                && row.Timestamp >= filter.TimestampMin && (filter.TimestampMax == 0 || row.Timestamp <= filter.TimestampMax))
            .Take(Limit(filter.Limit))];

    private static int Limit(uint limit) => limit == 0 ? 0 : (int)Math.Min(limit, BatchSize);

    private ulong Now() => (ulong)(_time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;

    private ulong NextTimestamp() => _last = Math.Max(_last + 1, Now());

    private static T[] Read<T>(ReadOnlySpan<byte> bytes) where T : unmanaged
    {
        var records = MemoryMarshal.Cast<byte, T>(bytes).ToArray();
        return records.Length <= BatchSize ? records : throw new InvalidOperationException("The message is too large.");
    }

    private static byte[] Bytes<T>(T[] records) where T : unmanaged => MemoryMarshal.AsBytes(records.AsSpan()).ToArray();
}
