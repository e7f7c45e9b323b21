using System.Runtime.InteropServices;

namespace BillApis.TigerBeetle.Native;

/// <summary><c>tb_account_t</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 128)]
internal struct TbAccount
{
    [FieldOffset(0)] public UInt128 Id;
    [FieldOffset(16)] public UInt128 DebitsPending;
    [FieldOffset(32)] public UInt128 DebitsPosted;
    [FieldOffset(48)] public UInt128 CreditsPending;
    [FieldOffset(64)] public UInt128 CreditsPosted;
    [FieldOffset(80)] public UInt128 UserData128;
    [FieldOffset(96)] public ulong UserData64;
    [FieldOffset(104)] public uint UserData32;
    [FieldOffset(108)] public uint Reserved;
    [FieldOffset(112)] public uint Ledger;
    [FieldOffset(116)] public ushort Code;
    [FieldOffset(118)] public TbAccountFlags Flags;
    [FieldOffset(120)] public ulong Timestamp;
}

/// <summary><c>tb_transfer_t</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 128)]
internal struct TbTransfer
{
    [FieldOffset(0)] public UInt128 Id;
    [FieldOffset(16)] public UInt128 DebitAccountId;
    [FieldOffset(32)] public UInt128 CreditAccountId;
    [FieldOffset(48)] public UInt128 Amount;
    [FieldOffset(64)] public UInt128 PendingId;
    [FieldOffset(80)] public UInt128 UserData128;
    [FieldOffset(96)] public ulong UserData64;
    [FieldOffset(104)] public uint UserData32;
    [FieldOffset(108)] public uint Timeout;
    [FieldOffset(112)] public uint Ledger;
    [FieldOffset(116)] public ushort Code;
    [FieldOffset(118)] public TbTransferFlags Flags;
    [FieldOffset(120)] public ulong Timestamp;
}

/// <summary><c>tb_create_account_result_t</c> and <c>tb_create_transfer_result_t</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 16)]
internal struct TbResult
{
    [FieldOffset(0)] public ulong Timestamp;
    [FieldOffset(8)] public uint Status;
    [FieldOffset(12)] public uint Reserved;
}

/// <summary><c>tb_account_filter_t</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 128)]
internal struct TbAccountFilter
{
    [FieldOffset(0)] public UInt128 AccountId;
    [FieldOffset(16)] public UInt128 UserData128;
    [FieldOffset(32)] public ulong UserData64;
    [FieldOffset(40)] public uint UserData32;
    [FieldOffset(44)] public ushort Code;
    [FieldOffset(104)] public ulong TimestampMin;
    [FieldOffset(112)] public ulong TimestampMax;
    [FieldOffset(120)] public uint Limit;
    [FieldOffset(124)] public uint Flags;
}

/// <summary><c>tb_query_filter_t</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 64)]
internal struct TbQueryFilter
{
    [FieldOffset(0)] public UInt128 UserData128;
    [FieldOffset(16)] public ulong UserData64;
    [FieldOffset(24)] public uint UserData32;
    [FieldOffset(28)] public uint Ledger;
    [FieldOffset(32)] public ushort Code;
    [FieldOffset(40)] public ulong TimestampMin;
    [FieldOffset(48)] public ulong TimestampMax;
    [FieldOffset(56)] public uint Limit;
    [FieldOffset(60)] public uint Flags;
}

/// <summary><c>tb_packet_t</c>: a request, which must stay where it is until it is completed.</summary>
[StructLayout(LayoutKind.Explicit, Size = 88)]
internal struct TbPacket
{
    [FieldOffset(0)] public nint UserData;
    [FieldOffset(8)] public nint Data;
    [FieldOffset(16)] public uint DataSize;
    [FieldOffset(20)] public ushort UserTag;
    [FieldOffset(22)] public TbOperation Operation;
    [FieldOffset(23)] public TbPacketStatus Status;
}
