//! Order slip, delivery note, invoice and receipt as PDF (O13).
