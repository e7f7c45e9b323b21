using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using BillApis.Ledger;

namespace BillApis.TigerBeetle;

/// <summary>How the books of many tenants stand in one cluster, whose ids are common to all.</summary>
/// <param name="Mark">What finds a tenant's accounts; never 0, which would find all.</param>
/// <param name="Mask">What makes a transfer's id the tenant's own, and back again; the time that leads the id stays.</param>
internal readonly record struct TenantBits(ulong Mark, UInt128 Mask)
{
    private static readonly ConcurrentDictionary<TenantId, TenantBits> Known = new();

    public static TenantBits Of(TenantId tenant) => Known.TryGetValue(tenant, out var bits) ? bits : Known.GetOrAdd(tenant, Derive);

    public UInt128 IdOf(TransferId transfer) => EntityId.BitsOf(transfer.Value) ^ Mask;

    public TransferId TransferOf(UInt128 id)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, id ^ Mask);
        return TransferId.Of(new Guid(bytes, bigEndian: true));
    }

    private static TenantBits Derive(TenantId tenant)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"billapis {tenant}"));
        return new(BinaryPrimitives.ReadUInt64LittleEndian(hash) | 1, BinaryPrimitives.ReadUInt64LittleEndian(hash.AsSpan(8)));
    }
}
